import { accessKeyPattern } from '../../core/credentials.ts';
import { decodeBase64, decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type HeaderView, type Message, refuseRepeated } from '../../core/message.ts';
import { mayBeUnsigned, presentIn, requestModifiers } from '../../core/modifiers.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { digestPattern, isSignable, noncePattern, stringToSign, timestampPattern } from './string-to-sign.ts';

const signaturePattern = /^v1=[\da-f]{64}(?:, ?v1=[\da-f]{64}){0,3}$/;

const expectedKey = '1 to 512 characters of A-Z a-z 0-9 . _ ~ -';
const expectedSignature = 'v1= and 64 lower-case hex digits';

/**
 * The server's half of `countersign-v1`: reads a signature by the grammar of docs/protocol.md.
 *
 * @throws SignatureError `missing_signature`, `malformed_field`, `insufficient_coverage`, and what {@link stringToSign} throws.
 */
export function readCountersignV1(message: Message): PresentedSignature {
  const { headers } = message;
  const signatureText = optional(headers, 'X-API-Signature', signaturePattern, expectedSignature);
  // No other field may hold the comma that joins repeated ones.
  if (signatureText?.includes(',')) refuseRepeated(headers, 'X-API-Signature');
  const accessKey = optional(headers, 'X-API-Key', accessKeyPattern, expectedKey);
  if (signatureText === undefined && accessKey === undefined) {
    fail('missing_signature', 'The request is not signed: it has neither X-API-Key nor X-API-Signature.', 401);
  }
  if (signatureText === undefined) return missing('X-API-Signature', expectedSignature);
  if (accessKey === undefined) return missing('X-API-Key', expectedKey);
  const timestamp = required(
    headers,
    'X-API-Timestamp',
    timestampPattern,
    'whole seconds since 1970, at most 12 digits',
  );
  const nonce = required(headers, 'X-API-Nonce', noncePattern, '16 to 128 characters of A-Z a-z 0-9 _ -');
  const unsigned = optional(headers, 'X-API-Payload', /^unsigned$/, 'the word unsigned');
  const digest = optional(headers, 'Content-Digest', digestPattern, 'sha-256=:<base64 of 32 bytes>:');
  const names = optional(headers, 'X-API-Signed-Headers', /^.{1,8192}$/, 'lower-case names joined by ;');
  const signedHeaders = names === undefined ? [] : signedHeadersOf(names);
  requireModifiersSigned(message, signedHeaders);
  // The string to sign has one line for an empty and for an absent one, and a parser may tell them apart.
  if (headers.get('content-type')?.trim() === '') malformed('Content-Type is empty');
  if (unsigned && digest) malformed('X-API-Payload says that the body is unsigned, Content-Digest that it is signed');
  return {
    accessKey,
    time: Number(timestamp) * 1000,
    nonce,
    signatures: signatureText.split(',').map((one) => decodeHex(one.slice(-64))),
    stringToSign: stringToSign(message, {
      accessKey,
      timestamp,
      nonce,
      payload: unsigned ?? digest ?? '',
      signedHeaders,
    }),
    signedHeaders: [...signedHeaders, 'content-type'],
    body: unsigned ? { kind: 'unsigned' } : digest ? { kind: 'digest', sha256: sha256In(digest) } : { kind: 'none' },
  };
}

// Base64 that leaves bits over which belong to no byte (RFC 4648 section 3.5) is the digest of no body.
const sha256In = (digest: string): Uint8Array =>
  /[048AEIMQUYcgkosw]=:$/.test(digest) ? decodeBase64(digest.slice(9, -1)) : new Uint8Array();

function signedHeadersOf(value: string): readonly string[] {
  const names = value.split(';');
  // Strictly ascending, so that one set of headers has one spelling and none is named twice.
  const sound = names.every((name, i) => isSignable(name) && (i === 0 || name > (names[i - 1] ?? '')));
  if (!sound || names.length > 64) {
    malformed('X-API-Signed-Headers must name up to 64 headers that can be signed: in lower case, sorted, each once');
  }
  return names;
}

/** Somebody on the way may have added one that is not signed: a range, a condition, a content coding. */
function requireModifiersSigned(message: Message, signed: readonly string[]): void {
  const open = presentIn(message.headers, requestModifiers).find(
    (name) => !signed.includes(name) && !mayBeUnsigned(message, name),
  );
  if (open) fail('insufficient_coverage', `The header ${open} is there and not named in X-API-Signed-Headers.`, 401);
}

function optional(headers: HeaderView, name: string, pattern: RegExp, expected: string): string | undefined {
  const value = headers.get(name);
  if (value === null) return undefined;
  if (!pattern.test(value)) {
    malformed(`${name} is malformed or repeated: found ${value.length} characters, expected ${expected}`);
  }
  return value;
}

function required(headers: HeaderView, name: string, pattern: RegExp, expected: string): string {
  return optional(headers, name, pattern, expected) ?? missing(name, expected);
}

const missing = (name: string, expected: string): never => malformed(`${name} is missing, expected ${expected}`);

const malformed = (message: string): never => fail('malformed_field', `${message}.`);
