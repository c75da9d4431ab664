import ipaddr from 'ipaddr.js';
import { fail } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import { type ForwardedElement, forwardedElements } from './forwarded.ts';
import { rangesOf } from './ranges.ts';

const known = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'] as const;

/** A header in which proxies say how a request reached them: that of RFC 7239, or those that were there before. */
export type ForwardingHeader = (typeof known)[number];

/** Whom to believe about the way that requests have come. */
export type TrustedProxies = {
  /** Addresses and CIDR ranges of all of them: what comes from elsewhere is not believed. */
  readonly addresses: readonly string[];
  /**
   * What every one of them sets, or adds to, whatever the caller has sent: `forwarded` alone, or `x-forwarded-for` and others. One
   * that the first proxy passes on as it came is the caller's own word, and must not be named.
   */
  readonly headers: readonly ForwardingHeader[];
};

/** The connection to the first of the trusted proxies: undefined is what none of them says. */
export type Entrance = {
  /** Where the request came from. */
  readonly address: string | undefined;
  readonly scheme?: 'http' | 'https' | undefined;
  readonly authority?: string | undefined;
  /** What was taken off the front of the path. */
  readonly prefix?: string | undefined;
};

/**
 * How requests came in: read from the right, where the proxy that is nearest has written, to the first address that is none of
 * theirs. What stands further left is the caller's.
 *
 * @throws SignatureError `invalid_configuration`; what is returned: `malformed_field`
 */
export function entranceThrough(
  proxies: TrustedProxies,
): (headers: HeaderView, address: string | undefined) => Entrance {
  const { headers: names } = proxies;
  const isTrusted = rangesOf(proxies.addresses);
  const unknown = names.find((name) => !known.includes(name));
  const alone = names.includes('forwarded') && names.length > 1;
  if (unknown !== undefined || alone || !(names.includes('forwarded') || names.includes('x-forwarded-for'))) {
    fail(
      'invalid_configuration',
      `trustedProxies.headers is forwarded alone, or x-forwarded-for and any of ${known.slice(2).join(', ')}.`,
    );
  }
  const read = names.includes('forwarded') ? byForwarded : byList;
  return (headers, address) =>
    address !== undefined && isTrusted(address) ? read({ headers, names, address, isTrusted }) : { address };
}

type Reading = {
  readonly headers: HeaderView;
  readonly names: readonly ForwardingHeader[];
  /** Of the nearest proxy. */
  readonly address: string;
  readonly isTrusted: (address: string) => boolean;
};

function byForwarded({ headers, address, isTrusted }: Reading): Entrance {
  const value = headers.get('forwarded');
  const elements = value === null ? [] : forwardedElements(value);
  if (!elements.length) return { address };
  const sources = elements.map((element) => addressIn(element.get('for') ?? ''));
  const of = (name: string): string | undefined => (elements.at(-1 - back) as ForwardedElement).get(name);
  const back = hopsIn(sources, isTrusted);
  return {
    address: sources.at(-1 - back),
    scheme: schemeIn('Forwarded', of('proto')),
    authority: authorityIn('Forwarded', of('host')),
  };
}

function byList({ headers, names, address, isTrusted }: Reading): Entrance {
  const listOf = (name: ForwardingHeader): readonly string[] => {
    const value = headers.get(name);
    return value === null ? [] : value.split(',').map((entry) => entry.trim());
  };
  const sources = listOf('x-forwarded-for').map(addressIn);
  const back = hopsIn(sources, isTrusted);
  const of = (name: ForwardingHeader): string | undefined => {
    const entries = names.includes(name) ? listOf(name) : [];
    // One that is not added to has been set once, and passed on.
    if (entries.length < 2) return entries[0];
    return entries.at(-1 - back) ?? malformed(name, 'fewer entries than there were proxies');
  };
  return {
    address: sources.length ? sources.at(-1 - back) : address,
    scheme: schemeIn('X-Forwarded-Proto', of('x-forwarded-proto')),
    authority: authorityIn('X-Forwarded-Host', of('x-forwarded-host')),
    prefix: prefixIn(of('x-forwarded-prefix')),
  };
}

/** How many of the sources, from the right, are trusted proxies themselves; where all are, the first is the client. */
function hopsIn(sources: readonly (string | undefined)[], isTrusted: (address: string) => boolean): number {
  let hops = 0;
  while (hops < sources.length - 1) {
    const source = sources.at(-1 - hops);
    if (source === undefined || !isTrusted(source)) break;
    hops++;
  }
  return hops;
}

/** An address, of which some write the port behind it; undefined for `unknown` and names (RFC 7239 section 6). */
function addressIn(text: string): string | undefined {
  const [, bracketed, bare] = /^(?:\[([\da-f:.]+)\](?::\d+)?|([\d.]+):\d+)$/i.exec(text) ?? [];
  const address = bracketed ?? bare ?? text;
  return ipaddr.isValid(address) ? address : undefined;
}

function schemeIn(name: string, text: string | undefined): 'http' | 'https' | undefined {
  const scheme = text?.toLowerCase();
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return scheme;
  return malformed(name, 'a protocol that is neither http nor https');
}

function authorityIn(name: string, text: string | undefined): string | undefined {
  if (text === undefined || /^[\w.~!$&'()*+;=%:[\]-]+$/.test(text)) return text;
  return malformed(name, 'what is no host');
}

function prefixIn(text: string | undefined): string | undefined {
  const prefix = text?.replace(/\/+$/, '');
  if (!prefix || /^\/[\w.~!$&'()*+,;=:@%/-]+$/.test(prefix)) return prefix;
  return malformed('X-Forwarded-Prefix', 'what is no path');
}

const malformed = (name: string, what: string): never =>
  fail('malformed_field', `${name} is malformed: it holds ${what}.`);
