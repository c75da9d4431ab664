import { createHash } from 'node:crypto';
import { contentDigest } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { Verified } from '../server/verify/result.ts';

/** What a backend is told of a verified request. */
export type PrincipalHeaders = Pick<Verified<unknown>, 'principal' | 'scheme'> & {
  /** What the body must be: the value of `X-Countersign-Body`. */
  readonly body: string;
};

/**
 * The fields that tell a backend who calls. All of them are always there, if need be empty: a proxy that is to replace what a
 * caller has sent under these names needs something to put there.
 */
export const principalFields = ({ principal, scheme, body }: PrincipalHeaders): Record<string, string> => ({
  'X-Countersign-Access-Key': escaped(principal.accessKey),
  'X-Countersign-Service': escaped(principal.service),
  'X-Countersign-Environment': escaped(principal.environment ?? ''),
  'X-Countersign-Scopes': principal.scopes.map(escaped).join(' '),
  'X-Countersign-Scheme': escaped(scheme),
  'X-Countersign-Body': body,
});

/**
 * What the body must be that goes with a verified request, whether the verifier has read it, or nobody yet.
 *
 * @param verified of a request that was handed to the verifier with a body, if need be an empty one.
 */
export function bodyField({ expectedBody, body }: Pick<Verified<unknown>, 'expectedBody' | 'body'>): string {
  // Neither left nor read, where the verifier has been told to accept what is not signed.
  if (!expectedBody && !body) return 'unsigned';
  const sha256 = expectedBody
    ? expectedBody.sha256
    : body?.length
      ? createHash('sha256').update(body).digest()
      : undefined;
  return sha256 ? contentDigest(sha256) : 'none';
}

/**
 * Whether a field is one of those that only a gateway may set, in whatever spelling: CGI, and all that came after it, know
 * `-` and `_` for one, and some servers every character that is no letter and no digit.
 */
export const isPrincipalField = (name: string): boolean => /^x[^a-z\d]countersign(?:[^a-z\d]|$)/i.test(name);

/**
 * @throws SignatureError `forged_header`
 */
export function requireNoPrincipal(names: Iterable<string>): void {
  for (const name of names) {
    if (isPrincipalField(name)) {
      fail('forged_header', 'The request has a header that begins with X-Countersign: only the gateway may set those.');
    }
  }
}

/** As UTF-8 and percent-encoded (RFC 3986 section 2.1), so that every value can be in a header, and none ends before its end. */
const escaped = (text: string): string =>
  Array.from(utf8(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.~:/@-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
