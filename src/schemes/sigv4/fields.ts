import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldNamePattern, signableNames } from '../../core/field-names.ts';
import type { Message } from '../../core/message.ts';
import { mayBeUnsigned, requestModifiers } from '../../core/modifiers.ts';
import { listAmzNames } from './canonical.ts';

/** What carries a signature by header, in lower case. */
export const ownFields: readonly string[] = [
  'authorization',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
];

// What the scheme covers by itself, what belongs to the connection, and what is no single line (RFC 6265 section 3).
const excluded = new Set([
  ...ownFields,
  ...['host', 'connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['accept-encoding', 'content-length', 'set-cookie'],
]);

/**
 * Names of headers to sign, in order.
 *
 * @throws SignatureError `invalid_configuration` for one that is covered anyway, or changes on the way.
 */
export const signableHeaders = (names: readonly string[]): readonly string[] =>
  signableNames(names, (name) => fieldNamePattern.test(name) && !excluded.has(name));

/** What `sigv4` signs by default wherever a request has it. */
export const signedByDefault: readonly string[] = ['content-type', ...requestModifiers];

/** What is to be signed beside `host` and `x-amz-*`. */
export type Wanted = {
  /** Of the scheme: signed where the request has them. */
  readonly ifPresent: readonly string[];
  /** Of the signer: the request must have them. */
  readonly always: readonly string[];
  /** Of the scheme's own headers, those that are sent. */
  readonly own: readonly string[];
  /** Of the scheme's own headers, those that an older signature has left and that do not go with the request. */
  readonly dropped: readonly string[];
};

/** The headers that a signature is to cover, sorted. */
export function namesToSign({ headers }: Message, { ifPresent, always, own, dropped }: Wanted): readonly string[] {
  const others = [...listAmzNames(headers), ...ifPresent.filter((name) => headers.get(name) !== null)];
  const names = new Set(['host', ...own, ...always, ...others.filter((name) => !dropped.includes(name))]);
  return [...names].sort();
}

/** The names of `SignedHeaders`: a strict list is sorted and names each once, and `host`. */
export function isSignedHeadersList(names: readonly string[]): boolean {
  const ordered = names.every((name, i) => fieldNamePattern.test(name) && (i === 0 || name > (names[i - 1] ?? '')));
  return ordered && names.length <= 128 && names.includes('host');
}

/**
 * @throws SignatureError `insufficient_coverage` where the request has a header that must be signed and is not.
 */
export function requireCoverage(message: Message, names: readonly string[], ifPresent: readonly string[]): void {
  const { headers } = message;
  const signed = new Set(names);
  const demanded = [...ownFields.slice(1), ...ifPresent].filter((name) => headers.get(name) !== null);
  const open = [...demanded, ...listAmzNames(headers)].find(
    (name) => !signed.has(name) && !mayBeUnsigned(message, name),
  );
  if (open !== undefined) {
    fail('insufficient_coverage', `The header ${excerpt(open)} must be among SignedHeaders, and is not.`, 401);
  }
}
