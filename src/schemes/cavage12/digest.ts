import { equalInConstantTime } from '../../core/constant-time.ts';
import { decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';

/** In characters. All usual digests of one body together are shorter. */
const longest = 1024;
/** 32 bytes in base64. */
const sha256Pattern = /^[A-Za-z\d+/]{43}=$/;

/**
 * Reads the SHA-256 in a header. `digest` (RFC 3230) may have further digests, which are ignored.
 *
 * @throws SignatureError `malformed_field`, and `insufficient_coverage` if there is no SHA-256.
 */
export function readDigest(headers: HeaderView, name: string): Uint8Array {
  const value = headers.get(name) ?? '';
  if (value.length > longest) fail('malformed_field', `${name} has more than ${longest} characters.`);
  const found = name === 'digest' ? listSha256(value) : [value.trim()];
  const [text, second] = found;
  if (text === undefined)
    return fail('insufficient_coverage', 'Digest has no SHA-256, which this verifier demands.', 401);
  if (second !== undefined || !sha256Pattern.test(text))
    fail('malformed_field', `${name} must have one SHA-256, in base64.`);
  return decodeBase64(text);
}

// The names of algorithms are in any case, RFC 3230 section 4.1.1.
const listSha256 = (value: string): readonly string[] =>
  value
    .split(',')
    .map((one) => one.trim())
    .flatMap((one) => (/^sha-256=/i.test(one) ? [one.slice('sha-256='.length)] : []));

/**
 * Reads the one digest that several headers state.
 *
 * @throws SignatureError `malformed_field`, also if they differ; `insufficient_coverage`
 */
export function readDigests(headers: HeaderView, names: readonly string[]): Uint8Array | undefined {
  const [first, ...others] = names.map((name) => readDigest(headers, name));
  if (first && !others.every((other) => equalInConstantTime(first, other)))
    fail('malformed_field', `${names.join(' and ')} differ.`);
  return first;
}
