import { isIPv6 } from 'node:net';
import { joinFields } from '../server/response/join-fields.ts';
import type { Verified } from '../server/verify/result.ts';
import type { IsForwardable } from './forwarding-allow-list.ts';

/** Header fields in order, names and values alternating, like `rawHeaders` of Node: case and repetitions are kept. */
export type RawFields = readonly string[];

// RFC 9110 section 7.6.1, and the fields that RFC 9113 section 8.2.2 and older clients add.
const hopByHop = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// Written by the proxy in front. Some proxies pass on a caller's `Connection`, which must not remove them.
const forwarding = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/;

/** Removes hop-by-hop fields: the known ones, and those that `Connection` lists. */
export function endToEndFields(fields: RawFields): RawFields {
  const named = new Set(fieldValues(fields, 'connection').flatMap((value) => namesIn(value)));
  return filterFields(fields, (name) => !hopByHop.has(name) && (!named.has(name) || forwarding.test(name)));
}

/** The names in a list. Split without a regular expression: one with optional spaces takes quadratic time on long runs of spaces. */
const namesIn = (list: string): readonly string[] => list.split(',').map((name) => name.trim().toLowerCase());

/** A verified request to forward. */
export type ForwardedRequest = Pick<Verified<unknown>, 'resolved'> & {
  readonly fields: RawFields;
  readonly httpVersion: string;
  readonly isPassable: IsForwardable;
  /** The fields that name the caller. */
  readonly principal: Readonly<Record<string, string>>;
};

/**
 * The fields for the backend, except those of the body. Client address, host and protocol are those that the verifier resolved;
 * forwarding fields that the request had are dropped, because the backend trusts these fields.
 */
export function fieldsToBackend({ fields, httpVersion, isPassable, principal, resolved }: ForwardedRequest): RawFields {
  const { scheme, authority } = resolved;
  // An IPv4-mapped address, if the server also listens on IPv6 (RFC 4291 section 2.5.5.2).
  const address = resolved.address?.replace(/^::ffff:(?=\d+\.)/i, '');
  return [
    ...flat({ Host: authority }),
    ...joinLines(filterFields(fields, isPassable)),
    // RFC 9110 section 7.6.3. A pseudonym, so that the host name is not revealed.
    ...flat({ Via: `${httpVersion} countersign` }),
    ...flat({
      ...(address !== undefined && { 'X-Forwarded-For': address }),
      'X-Forwarded-Host': authority,
      'X-Forwarded-Proto': scheme,
      Forwarded: `for=${nodeName(address)};host="${authority}";proto=${scheme}`,
    }),
    ...flat(principal),
  ];
}

/**
 * Joins repeated fields into one line, as they were verified (RFC 9110 section 5.3): a backend that reads the first line alone would
 * read another value.
 */
const joinLines = (fields: RawFields): RawFields =>
  joinFields(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []))).flat();

/** The client as a node of RFC 7239 section 6. */
function nodeName(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return isIPv6(address) ? `"[${address}]"` : `"${address}"`;
}

/** Replaces the values of fields; undefined removes a field. */
export function withFields(fields: RawFields, changes: Readonly<Record<string, string | undefined>>): RawFields {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  return [...filterFields(fields, (name) => !names.has(name)), ...flat(changes)];
}

/** All values of a field, unchanged. */
export const fieldValues = (fields: RawFields, wanted: string): readonly string[] =>
  fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === wanted);

/** @param keeps receives names in lower case. */
export function filterFields(fields: RawFields, keeps: (name: string) => boolean): RawFields {
  return fields.filter((_, i) => keeps((fields[i - (i % 2)] ?? '').toLowerCase()));
}

const flat = (fields: Readonly<Record<string, string | undefined>>): RawFields =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
