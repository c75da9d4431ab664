import { isIPv6 } from 'node:net';
import type { Verified } from '../server/verify/result.ts';
import type { IsForwardable } from './forwardable-fields.ts';

/** Header fields in their order, names and values in turn: as `rawHeaders` of Node, which keep case and repetitions. */
export type RawFields = readonly string[];

// RFC 9110 section 7.6.1, and what RFC 9113 section 8.2.2 and older clients have beside it.
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

/** Without the fields that are for one connection alone: those that are known, and those that `Connection` names. */
export function endToEndFields(fields: RawFields): RawFields {
  const named = new Set(fieldValues(fields, 'connection').flatMap((value) => namesIn(value)));
  return filterFields(fields, (name) => !hopByHop.has(name) && !named.has(name));
}

/** The names of a list. Not split by an expression with blanks in it, which begins anew at each of thousands of blanks. */
const namesIn = (list: string): readonly string[] => list.split(',').map((name) => name.trim().toLowerCase());

/** What is known of a request that is passed on. */
export type ForwardedRequest = Pick<Verified<unknown>, 'resolved'> & {
  readonly fields: RawFields;
  readonly httpVersion: string;
  readonly isPassable: IsForwardable;
  /** Who calls. */
  readonly principal: Readonly<Record<string, string>>;
};

/**
 * The fields of a request as a backend is to get them, but for those about its body. Where it came from, and to which host, is said
 * as the verifier found it, and nothing of what others have said before: a backend believes what is there.
 */
export function fieldsToBackend({ fields, httpVersion, isPassable, principal, resolved }: ForwardedRequest): RawFields {
  const { scheme, authority } = resolved;
  // An address of IPv4 where the server listens on IPv6 too (RFC 4291 section 2.5.5.2).
  const address = resolved.address?.replace(/^::ffff:(?=\d+\.)/i, '');
  return [
    ...flat({ Host: authority }),
    ...filterFields(fields, isPassable),
    // RFC 9110 section 7.6.3. The name stands for a host that is nobody's business.
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

/** RFC 7239 section 6. */
function nodeName(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return isIPv6(address) ? `"[${address}]"` : `"${address}"`;
}

/** With other values under some names; undefined takes a field away. */
export function withFields(fields: RawFields, changes: Readonly<Record<string, string | undefined>>): RawFields {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  return [...filterFields(fields, (name) => !names.has(name)), ...flat(changes)];
}

/** The values of a field, each as it came. */
export const fieldValues = (fields: RawFields, wanted: string): readonly string[] =>
  fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === wanted);

/** @param keeps is asked with names in lower case. */
export function filterFields(fields: RawFields, keeps: (name: string) => boolean): RawFields {
  return fields.filter((_, i) => keeps((fields[i - (i % 2)] ?? '').toLowerCase()));
}

const flat = (fields: Readonly<Record<string, string | undefined>>): RawFields =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
