import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldNamePattern, signableNames } from '../../core/field-names.ts';
import type { Message } from '../../core/message.ts';
import { mayBeUnsigned, requestModifiers } from '../../core/modifying-headers.ts';
import { listAmzNames } from './canonical.ts';

/** The headers that carry a signature, in lower case. */
export const ownFields: readonly string[] = [
  'authorization',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
];

// Headers that the scheme covers already, headers of the connection, and headers that are not one line (RFC 6265 section 3).
const excluded = new Set([
  ...ownFields,
  ...['host', 'connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['accept-encoding', 'content-length', 'set-cookie'],
]);

/**
 * Returns the names of headers to sign, sorted.
 *
 * @throws SignatureError `invalid_configuration` for a header that is covered already, or that changes in transit.
 */
export const signableHeaders = (names: readonly string[]): readonly string[] => signableNames(names, isSignable);

const isSignable = (name: string): boolean => fieldNamePattern.test(name) && !excluded.has(name);

/**
 * Like `signableHeaders`, and takes `content-length`: the maker of an address for an upload knows it before there is a body.
 *
 * @throws SignatureError `invalid_configuration`
 */
export const presignableHeaders = (names: readonly string[]): readonly string[] =>
  signableNames(names, (name) => name === 'content-length' || isSignable(name));

/** The headers that `sigv4` signs by default if present. */
export const signedByDefault: readonly string[] = ['content-type', ...requestModifiers];

/** The headers to sign beside `host` and `x-amz-*`. */
export type Wanted = {
  /** Configured for the scheme: signed if present. */
  readonly ifPresent: readonly string[];
  /** Configured for the signer: must be present. */
  readonly always: readonly string[];
  /** Headers of the scheme that are sent. */
  readonly own: readonly string[];
  /** Headers of the scheme that an older signature left behind and that are not sent again. */
  readonly dropped: readonly string[];
};

/** Returns the names of the headers to sign, sorted. */
export function namesToSign({ headers }: Message, { ifPresent, always, own, dropped }: Wanted): readonly string[] {
  const others = [...listAmzNames(headers), ...ifPresent.filter((name) => headers.get(name) !== null)];
  const names = new Set(['host', ...own, ...always, ...others.filter((name) => !dropped.includes(name))]);
  return [...names].sort();
}

/** Whether the names of `SignedHeaders` are sorted, without duplicates, at most 128, and include `host`. */
export function isSignedHeadersList(names: readonly string[]): boolean {
  const ordered = names.every((name, i) => fieldNamePattern.test(name) && (i === 0 || name > (names[i - 1] ?? '')));
  return ordered && names.length <= 128 && names.includes('host');
}

/**
 * @throws SignatureError `insufficient_coverage` if a header that must be signed is present and unsigned.
 */
export function requireCoverage(message: Message, names: readonly string[], ifPresent: readonly string[]): void {
  const { headers } = message;
  const signed = new Set(names);
  const demanded = [...ownFields.slice(1), ...ifPresent].filter((name) => headers.get(name) !== null);
  const open = [...demanded, ...listAmzNames(headers)].find(
    (name) => !signed.has(name) && !mayBeUnsigned(message, name),
  );
  if (open !== undefined) {
    fail('insufficient_coverage', `The header ${excerpt(open)} must be among SignedHeaders.`, 401);
  }
}
