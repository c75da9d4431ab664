import { sha256OfBodySync } from '../../core/digest.ts';
import { decodeHex, hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { type Message, refuseRepeated } from '../../core/message.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { isResolved, splitTarget } from './canonical.ts';
import type { Scope } from './key.ts';
import { amzDate, formatScope, isLikeS3, type Signed, stringToSign, unsignedPayload } from './string-to-sign.ts';

export const malformed = (message: string): never => fail('malformed_field', `${message}.`);

/**
 * Parses a date such as `20150830T123600Z` to milliseconds since the epoch.
 *
 * @throws SignatureError `malformed_field`
 */
export function parseAmzTime(date: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.map(Number) ?? [];
  const time = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second);
  // Formatting the result again detects dates such as the 31st of June.
  return time >= 0 && amzDate(time) === date ? time : malformed('X-Amz-Date must be a date such as 20150830T123600Z');
}

/**
 * Reads the access key from a `Credential`.
 *
 * @throws SignatureError `malformed_field`, also if the day, region or service is not that of the request.
 */
export function readAccessKey(
  credential: string,
  { date, scope }: { readonly date: string; readonly scope: Scope },
): string {
  const [, accessKey, given = ''] =
    /^([\w.~-]{1,512})\/(\d{8}\/[\w-]{1,64}\/[\w-]{1,64}\/aws4_request)$/.exec(credential) ?? [];
  if (accessKey === undefined)
    return malformed('Credential must be <access key>/<date>/<region>/<service>/aws4_request');
  const expected = formatScope(date, scope);
  return given === expected ? accessKey : malformed(`Credential is for ${excerpt(given)}, expected ${expected}`);
}

// For S3, a signature covers `%2F` as `/`, and `+` as `%20`. Anyone in transit could write one for the other, or `../` for `..%2F`.
const ambiguousForS3 = /%2F|\+|\/(?:\.|%2E){1,2}(?=\/|$)/i;

/**
 * Requires a path that is signed as received. Services other than S3 sign `/admin/../items` as `/items`, so anyone in transit could
 * insert segments that a router does not resolve, or resolves in another way.
 *
 * @throws SignatureError `malformed_field`
 */
export function requireOnePath({ rawTarget }: Message, { service }: Scope): void {
  const { path } = splitTarget(rawTarget);
  if (isLikeS3(service)) {
    if (ambiguousForS3.test(path)) {
      malformed(
        'The path has a dot segment, %2F or +, which S3 signs like another path: write / for %2F, %20 or %2B for +',
      );
    }
  } else if (!isResolved(path)) {
    malformed('The path has a dot segment or an empty segment, which the signature does not cover');
  }
}

/**
 * Refuses signed headers that were received as several lines. AWS signs `a` and `b` as `a,b`, and servers read `a, b`, so anyone in
 * transit could split the value at a comma. Not detected where lines are joined already. Those of a cookie may be split in HTTP/2, and
 * are joined alike by everyone.
 *
 * @throws SignatureError `malformed_field`
 */
export function requireSingleLines({ headers }: Message, names: readonly string[]): void {
  for (const name of names) {
    if (name !== 'cookie' && headers.get(name)?.includes(', ')) refuseRepeated(headers, name);
  }
}

/** The declaration of the body in a request. */
export type Payload = {
  /** `HashedPayload`; undefined if it is the hash of the body, which the request does not state. */
  readonly hashed: string | undefined;
  readonly body: PresentedBody;
};

/**
 * @param text the value of `X-Amz-Content-Sha256`.
 * @param uncovered whether the scheme leaves bodies unsigned.
 * @throws SignatureError `malformed_field`
 */
export function readPayload(text: string | undefined, { uncovered }: { readonly uncovered: boolean }): Payload {
  if (text === undefined) return { hashed: undefined, body: { kind: 'signed' } };
  if (text === unsignedPayload) return { hashed: text, body: { kind: uncovered ? 'uncovered' : 'unsigned' } };
  if (/^[\da-f]{64}$/.test(text)) {
    return { hashed: text, body: { kind: 'digest', sha256: decodeHex(text) } };
  }
  return malformed(
    /^STREAMING-/.test(text)
      ? 'X-Amz-Content-Sha256 announces a body in signed chunks, which is not supported: send its SHA-256'
      : 'X-Amz-Content-Sha256 must be 64 lower-case hex digits or UNSIGNED-PAYLOAD',
  );
}

/** Returns the string to sign, or a function of the body if the request does not state its hash. */
export function presentedStringToSign(
  signed: Omit<Signed, 'payload'>,
  hashed: string | undefined,
  at: { readonly date: string; readonly scope: Scope },
): PresentedSignature['stringToSign'] {
  return hashed === undefined
    ? (body) => stringToSign({ ...signed, payload: hex(sha256OfBodySync(body)) }, at)
    : stringToSign({ ...signed, payload: hashed }, at);
}

/** The finding of a scheme that does not sign the content type. */
export const contentTypeFindings = (signedHeaders: readonly string[]): readonly Finding[] =>
  signedHeaders.some((name) => name.toLowerCase() === 'content-type')
    ? []
    : [
        {
          code: 'content-type-unsigned',
          severity: 'medium',
          message: 'The content type is not among the signed headers.',
          attack: 'A body that is valid both as JSON and as a form is forwarded with the other Content-Type.',
        },
      ];

/** The finding of every scheme that sorts the query. */
export const orderUnsigned: Finding = {
  code: 'query-unsigned',
  severity: 'low',
  message: 'Query parameters are sorted before signing, even those with the same name.',
  attack: '`?to=1&to=2` becomes `?to=2&to=1`, and a server that reads the first value gets the other one.',
};

/** The finding of a scheme that leaves bodies unsigned. */
export const bodyUnsigned: Finding = {
  code: 'body-unsigned',
  severity: 'high',
  message: 'The body is not part of the signature (UNSIGNED-PAYLOAD).',
  attack: 'Anyone in transit replaces the body of a PUT, and the signature still verifies.',
};
