import { fail } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { canonicalAddress, parseRanges, type Ranges, refuseEverybody } from '../ranges.ts';

const known = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'] as const;

/** A header in which proxies describe the original request: Forwarded (RFC 7239), or one of its predecessors. */
export type ForwardingHeader = (typeof known)[number];

/** The proxies whose forwarding headers are trusted. */
export type TrustedProxies = {
  /** Addresses and CIDR ranges of all trusted proxies. Forwarding headers from other addresses are ignored. */
  readonly addresses: readonly string[];
  /**
   * The headers that the first proxy always overwrites and that the others set, append to or leave alone: `forwarded` alone, or
   * `x-forwarded-for` with others. Do not list a header that the first proxy passes on unchanged: callers can forge it.
   */
  readonly headers: readonly ForwardingHeader[];
};

const trustedNames: OptionNames<TrustedProxies> = { addresses: true, headers: true };

/** The connection to the first trusted proxy, as the proxies describe it. A value that no proxy states is undefined. */
export type ClientConnection = {
  /** The client's address. */
  readonly address: string | undefined;
  /** Protocol, host and the path prefix that a proxy removed: unchecked text. */
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
  readonly prefix?: string | undefined;
};

/** Reads the client connection of a request. `peer` is the remote address of the TCP connection. */
export type ConnectionReader = (headers: HeaderView, peer: string | undefined) => ClientConnection;

/**
 * Creates the function that finds the client behind trusted proxies. The nearest proxy writes last, so it reads from the right
 * until the first address that is not a trusted proxy. Anything further left may be forged by the caller.
 *
 * @throws SignatureError `invalid_configuration`. The function throws `malformed_field`.
 */
export function createConnectionReader(trusted: TrustedProxies): ConnectionReader {
  requireKnownOptions(trusted, trustedNames, 'trustedProxies');
  const { addresses, headers: names } = trusted;
  const isTrusted = parseRanges(addresses);
  refuseEverybody(addresses);
  const unknown = names.some((name) => !known.includes(name));
  const standard = names.includes('forwarded');
  if (unknown || (standard ? names.length > 1 : !names.includes('x-forwarded-for'))) {
    const others = known.slice(2).join(', ');
    fail(
      'invalid_configuration',
      `trustedProxies.headers must be forwarded alone, or x-forwarded-for with any of ${others}.`,
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

function byForwarded({ headers, isTrusted }: Reading): ClientConnection {
  const elements = parseForwarded(headers.get('forwarded') ?? '');
  const { index, address } = clientIn(
    'Forwarded',
    elements.map((element) => element.get('for')),
    isTrusted,
  );
  const element = elements[index];
  return { address, proto: element?.get('proto'), host: element?.get('host') };
}

function byList({ headers, names, isTrusted }: Reading): ClientConnection {
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

/** The value that all proxies agree on. If they differ, the whole list, which every later check refuses. */
function agreed(list: string | null): string | undefined {
  const [first, ...others] = new Set(entriesOf(list));
  return others.length ? `${list}` : first;
}

type Found = { readonly index: number; readonly address: string | undefined };

/** The client of the first trusted proxy; the first address if all are trusted. */
function clientIn(field: string, sources: readonly (string | undefined)[], isTrusted: Ranges): Found {
  for (let index = sources.length - 1; index >= 0; index--) {
    const address = addressIn(field, sources[index]);
    if (index === 0 || address === undefined || !isTrusted(address)) return { index, address };
  }
  return { index: -1, address: undefined };
}

const node =
  /^(?:(?:unknown|_[\w.-]+|(?<ipv4>[\d.]+)|\[(?<bracketed>[\da-f]*:[\da-f:.]+)\])(?::(?:\d{1,5}|_[\w.-]+))?|(?<ipv6>[\da-f]*:[\da-f:.]+))$/i;

/** The address of a node (RFC 7239 section 6), with or without brackets; undefined if unknown or obfuscated. */
function addressIn(field: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { groups } = node.exec(text) ?? malformed(field);
  const written = groups?.ipv4 ?? groups?.bracketed ?? groups?.ipv6;
  return written === undefined ? undefined : (canonicalAddress(written) ?? malformed(field));
}

const malformed = (field: string): never =>
  fail('malformed_field', `${field} is malformed: a trusted proxy has written a value that is not an address.`);

/** One proxy's description of the connection on which it received the request: parameters by lower-case name (RFC 7239 section 4). */
export type ForwardedElement = ReadonlyMap<string, string>;

// A pair and the separator after it. Unquoted values may contain colons and brackets, which some proxies do not quote.
const forwardedPair =
  /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([;,]|$)/y;

/**
 * Parses a Forwarded field (RFC 7239 section 4). The nearest proxy has written the last element. Strict: otherwise an opening
 * quote from a caller could swallow what a proxy appends.
 *
 * @throws SignatureError `malformed_field`
 */
export function parseForwarded(value: string): readonly ForwardedElement[] {
  const elements: ForwardedElement[] = [];
  let element = new Map<string, string>();
  let end = 0;
  let separator: string | undefined;
  do {
    forwardedPair.lastIndex = end;
    const [whole, name, token, quoted, next] = forwardedPair.exec(value) ?? malformedForwarded();
    end += whole?.length ?? 0;
    separator = next;
    if (name !== undefined) {
      const key = name.toLowerCase();
      if (element.has(key)) malformedForwarded();
      element.set(key, token ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
    }
    if (separator !== ';') {
      if (element.size) elements.push(element);
      element = new Map();
    }
  } while (separator);
  return elements;
}

const malformedForwarded = (): never =>
  fail('malformed_field', 'Forwarded is malformed: expected for=…;host=…;proto=…');
