import { accessKeyPattern } from '../../core/credentials.ts';
import { decodeBase64, decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type HeaderView, type Message, refuseRepeated } from '../../core/message.ts';
import { mayBeUnsigned, requestModifiers } from '../../core/modifying-headers.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { digestPattern, isSignable, noncePattern, stringToSign, timestampPattern } from './string-to-sign.ts';

/** A header of the scheme. */
type Field = {
  /** As errors name it. */
  readonly name: string;
  /** In lower case, as it is looked up. */
  readonly key: string;
  readonly pattern: RegExp;
  /** What the pattern matches, in words. */
  readonly expected: string;
};

const signatureField: Field = {
  name: 'X-API-Signature',
  key: 'x-api-signature',
  pattern: /^v1=[\da-f]{64}(?:, ?v1=[\da-f]{64}){0,3}$/,
  expected: 'v1= and 64 lower-case hex digits',
};
const keyField: Field = {
  name: 'X-API-Key',
  key: 'x-api-key',
  pattern: accessKeyPattern,
  expected: '1 to 512 (of a session 1024) characters of A-Z a-z 0-9 . _ ~ -',
};
const timestampField: Field = {
  name: 'X-API-Timestamp',
  key: 'x-api-timestamp',
  pattern: timestampPattern,
  expected: 'whole seconds since 1970, at most 12 digits',
};
const nonceField: Field = {
  name: 'X-API-Nonce',
  key: 'x-api-nonce',
  pattern: noncePattern,
  expected: '16 to 128 characters of A-Z a-z 0-9 _ -',
};
const payloadField: Field = {
  name: 'X-API-Payload',
  key: 'x-api-payload',
  pattern: /^unsigned$/,
  expected: 'the word unsigned',
};
const digestField: Field = {
  name: 'Content-Digest',
  key: 'content-digest',
  pattern: digestPattern,
  expected: 'sha-256=:<base64 of 32 bytes>:',
};
const namesField: Field = {
  name: 'X-API-Signed-Headers',
  key: 'x-api-signed-headers',
  pattern: /^.{1,8192}$/,
  expected: 'lower-case names joined by ;',
};

/**
 * Reads a signature of `countersign-v1` by the grammar of docs/protocol.md.
 *
 * @throws SignatureError `missing_signature`, `malformed_field`, `insufficient_coverage`, and the codes of {@link stringToSign}.
 */
export function readCountersignV1(message: Message): PresentedSignature {
  const { headers } = message;
  const signatureText = optional(headers, signatureField);
  // Repeated fields are joined with a comma. The patterns of all other fields exclude a comma.
  if (signatureText?.includes(',')) refuseRepeated(headers, signatureField.name);
  const accessKey = optional(headers, keyField);
  if (signatureText === undefined && accessKey === undefined) {
    fail('missing_signature', 'The request is not signed: it has neither X-API-Key nor X-API-Signature.', 401);
  }
  if (signatureText === undefined) return missing(signatureField);
  if (accessKey === undefined) return missing(keyField);
  const timestamp = required(headers, timestampField);
  const nonce = required(headers, nonceField);
  const unsigned = optional(headers, payloadField);
  const digest = optional(headers, digestField);
  const names = optional(headers, namesField);
  const signedHeaders = names === undefined ? [] : parseSignedHeaders(names);
  requireModifiersSigned(message, signedHeaders);
  // An empty and an absent content type give the same string to sign, but a parser may distinguish them.
  if (headers.get('content-type')?.trim() === '') malformed('Content-Type is empty');
  if (unsigned && digest) malformed('X-API-Payload says unsigned, but Content-Digest is present');
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
    body: unsigned ? { kind: 'unsigned' } : digest ? { kind: 'digest', sha256: parseDigest(digest) } : { kind: 'none' },
  };
}

// Base64 with non-zero trailing bits (RFC 4648 section 3.5) is a second spelling of a digest. The empty digest matches no body.
const parseDigest = (digest: string): Uint8Array =>
  /[048AEIMQUYcgkosw]=:$/.test(digest) ? decodeBase64(digest.slice(9, -1)) : new Uint8Array();

function parseSignedHeaders(value: string): readonly string[] {
  const names = value.split(';');
  // Strictly ascending, so that each set of headers has one spelling and no name is repeated.
  const canonical = names.every((name, i) => isSignable(name) && name > (names[i - 1] ?? ''));
  if (!canonical || names.length > 64) {
    malformed('X-API-Signed-Headers must name up to 64 signable headers: in lower case, sorted, without repeats');
  }
  return names;
}

/** Refuses modifiers that may have been added in transit: ranges, conditions and content codings that are not signed. */
function requireModifiersSigned(message: Message, signed: readonly string[]): void {
  for (const name of requestModifiers) {
    if (message.headers.get(name) === null || signed.includes(name) || mayBeUnsigned(message, name)) continue;
    fail('insufficient_coverage', `The header ${name} is present but not in X-API-Signed-Headers.`, 401);
  }
}

function optional(headers: HeaderView, field: Field): string | undefined {
  const value = headers.get(field.key);
  if (value === null) return undefined;
  if (!field.pattern.test(value)) {
    const like = field === signatureField ? likeOtherHash(value) : '';
    malformed(
      `${field.name} is malformed or repeated: found ${value.length} characters${like}, expected ${field.expected}`,
    );
  }
  return value;
}

/** Names the algorithm whose signature is as long. */
function likeOtherHash(value: string): string {
  const [, digits = ''] = /^(?:v1=)?([\da-f]+)$/i.exec(value) ?? [];
  const algorithm = { 32: 'MD5', 40: 'SHA-1', 96: 'SHA-384', 128: 'SHA-512' }[digits.length];
  return algorithm ? ` (${digits.length} hex digits are of ${algorithm}; the scheme takes HMAC-SHA256)` : '';
}

const required = (headers: HeaderView, field: Field): string => optional(headers, field) ?? missing(field);

const missing = ({ name, expected }: Field): never => malformed(`${name} is missing, expected ${expected}`);

const malformed = (message: string): never => fail('malformed_field', `${message}.`);
