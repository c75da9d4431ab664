import { createHash } from 'node:crypto';
import { contentDigest } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { Verified } from '../server/verify/result.ts';

/** What the backend receives about a verified request. */
export type PrincipalHeaders = Pick<Verified<unknown>, 'principal' | 'scheme'> & {
  /** The value of `X-Countersign-Body`: the expected body. */
  readonly body: string;
};

/**
 * The fields that identify the caller to the backend. All are always present, some empty: a proxy can replace a field of the
 * caller only with a value.
 */
export const principalFields = ({ principal, scheme, body }: PrincipalHeaders): Record<string, string> => ({
  'X-Countersign-Access-Key': escaped(principal.accessKey),
  'X-Countersign-Service': escaped(principal.service),
  'X-Countersign-Environment': escaped(principal.environment ?? ''),
  'X-Countersign-Scopes': principal.scopes.map(escaped).join(' '),
  'X-Countersign-Session': principal.session?.id ?? '',
  'X-Countersign-Subject': escaped(principal.session?.subject ?? ''),
  'X-Countersign-Scheme': escaped(scheme),
  'X-Countersign-Body': body,
});

/**
 * The expected body of a verified request, for `X-Countersign-Body`.
 *
 * @param verified the result for a request that was verified with a body, possibly an empty one.
 */
export function bodyField({ expectedBody, body }: Pick<Verified<unknown>, 'expectedBody' | 'body'>): string {
  // Neither deferred nor read: the verifier accepts unsigned bodies.
  if (!expectedBody && !body) return 'unsigned';
  const sha256 = expectedBody
    ? expectedBody.sha256
    : body?.length
      ? createHash('sha256').update(body).digest()
      : undefined;
  return sha256 ? contentDigest(sha256) : 'none';
}

/**
 * True for a field that only a gateway may set, in any spelling: CGI and its successors treat `-` and `_` alike, and some servers
 * every character that is neither a letter nor a digit.
 */
export const isPrincipalField = (name: string): boolean => /^x[^a-z\d]countersign(?:[^a-z\d]|$)/i.test(name);

/**
 * @throws SignatureError `forged_header`
 */
export function requireNoPrincipal(names: Iterable<string>): void {
  for (const name of names) {
    if (isPrincipalField(name)) {
      fail('forged_header', 'The request has a header that starts with X-Countersign: only the gateway may set those.');
    }
  }
}

/** UTF-8, percent-encoded (RFC 3986 section 2.1), so that any value fits into a header and cannot end a list early. */
const escaped = (text: string): string =>
  Array.from(utf8(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.~:/@-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
