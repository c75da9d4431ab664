import { fail } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import { forwardedElements } from './forwarded.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import { canonicalAddress, type Ranges, rangesOf, refuseEverybody } from './ranges.ts';

const known = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'] as const;

/** A header in which proxies say how a request reached them: that of RFC 7239, or those that were there before. */
export type ForwardingHeader = (typeof known)[number];

/** Whom to believe about the way that requests have come. */
export type TrustedProxies = {
  /** Addresses and CIDR ranges of all of them: what comes from elsewhere is not believed. */
  readonly addresses: readonly string[];
  /**
   * What the first of them sets whatever the caller has sent, and the others set, add to or leave alone: `forwarded`, or
   * `x-forwarded-for` and others. One that the first passes on as it came is the caller's own word, and must not be named.
   */
  readonly headers: readonly ForwardingHeader[];
};

const trustedNames: OptionNames<TrustedProxies> = { addresses: true, headers: true };

/** The connection to the first of the trusted proxies, as they tell of it: undefined is what none of them says. */
export type Entrance = {
  /** Where the request came from. */
  readonly address: string | undefined;
  /** The protocol, the host and what was taken off the front of the path: as text, which may be anything. */
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
  readonly prefix?: string | undefined;
};

/** How a request came in from `peer`, the other end of the connection. */
export type Entrances = (headers: HeaderView, peer: string | undefined) => Entrance;

/**
 * How requests came in: read from the right, where the proxy that is nearest has written, to the first address that is none of
 * theirs. What stands further left is the caller's.
 *
 * @throws SignatureError `invalid_configuration`; what is returned: `malformed_field`
 */
export function entrancesThrough(trusted: TrustedProxies): Entrances {
  requireKnownOptions(trusted, trustedNames, 'trustedProxies');
  const { addresses, headers: names } = trusted;
  const isTrusted = rangesOf(addresses);
  refuseEverybody(addresses);
  const unknown = names.some((name) => !known.includes(name));
  const standard = names.includes('forwarded');
  if (unknown || (standard ? names.length > 1 : !names.includes('x-forwarded-for'))) {
    const others = known.slice(2).join(', ');
    fail(
      'invalid_configuration',
      `trustedProxies.headers is forwarded alone, or x-forwarded-for and any of ${others}.`,
    );
  }
  const read = standard ? byForwarded : byList;
  return (headers, peer) =>
    peer !== undefined && isTrusted(peer) ? read({ headers, names, isTrusted }) : { address: peer };
}

type Reading = {
  readonly headers: HeaderView;
  readonly names: readonly ForwardingHeader[];
  readonly isTrusted: Ranges;
};

function byForwarded({ headers, isTrusted }: Reading): Entrance {
  const elements = forwardedElements(headers.get('forwarded') ?? '');
  const { index, address } = clientIn(
    'Forwarded',
    elements.map((element) => element.get('for')),
    isTrusted,
  );
  const element = elements[index];
  return { address, proto: element?.get('proto'), host: element?.get('host') };
}

function byList({ headers, names, isTrusted }: Reading): Entrance {
  const agreedIn = (name: ForwardingHeader): string | undefined =>
    names.includes(name) ? agreed(headers.get(name)) : undefined;
  return {
    address: clientIn('X-Forwarded-For', entriesOf(headers.get('x-forwarded-for')), isTrusted).address,
    proto: agreedIn('x-forwarded-proto'),
    host: agreedIn('x-forwarded-host'),
    prefix: agreedIn('x-forwarded-prefix'),
  };
}

const entriesOf = (list: string | null): readonly string[] => list?.split(',').map((entry) => entry.trim()) ?? [];

/** What all proxies say alike. Of values that differ, one may be the caller's; they stay together, and are no value. */
function agreed(list: string | null): string | undefined {
  const [first, ...others] = new Set(entriesOf(list));
  return others.length ? `${list}` : first;
}

type Client = { readonly index: number; readonly address: string | undefined };

/** Who spoke to the first of the trusted proxies; where all of them are trusted, that is the first. */
function clientIn(field: string, sources: readonly (string | undefined)[], isTrusted: Ranges): Client {
  for (let index = sources.length - 1; index >= 0; index--) {
    const address = addressIn(field, sources[index]);
    if (index === 0 || address === undefined || !isTrusted(address)) return { index, address };
  }
  return { index: -1, address: undefined };
}

const node =
  /^(?:(?:unknown|_[\w.-]+|(?<ipv4>[\d.]+)|\[(?<bracketed>[\da-f]*:[\da-f:.]+)\])(?::(?:\d{1,5}|_[\w.-]+))?|(?<ipv6>[\da-f]*:[\da-f:.]+))$/i;

/** The address of a node (RFC 7239 section 6), also without brackets; undefined for one that is unknown or obfuscated. */
function addressIn(field: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { groups } = node.exec(text) ?? malformed(field);
  const written = groups?.ipv4 ?? groups?.bracketed ?? groups?.ipv6;
  return written === undefined ? undefined : (canonicalAddress(written) ?? malformed(field));
}

const malformed = (field: string): never =>
  fail('malformed_field', `${field} is malformed: a trusted proxy has written what is no address.`);
