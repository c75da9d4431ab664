import { sha512 } from '@noble/hashes/sha2.js';
import { equalInConstantTime } from '../../core/constant-time.ts';
import { sha256OfBodySync } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';
import type { PresentedBody } from '../../core/scheme.ts';
import { canonicaliseDictionary, type Member } from '../structured-fields.ts';

/** In characters. All registered digests of one body together are shorter. */
const longest = 1024;

type Digests = { readonly sha256: Uint8Array | undefined; readonly sha512: Uint8Array | undefined };

/** Whether the headers already contain a digest that a verifier accepts. */
export function declaresDigest(headers: HeaderView): boolean {
  const value = headers.get('content-digest');
  if (value === null) return false;
  try {
    return readDigests('Content-Digest', value) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Returns the body described by a covered Content-Digest (RFC 9530). All supported digests in the field must match.
 *
 * @throws SignatureError `malformed_field`, and `insufficient_coverage` if the field has neither sha-256 nor sha-512.
 */
export function digestedBody(value: string): PresentedBody {
  const digests = requireDigests('Content-Digest', value);
  const { sha256 } = digests;
  if (sha256 && !digests.sha512) return { kind: 'digest', sha256 };
  return { kind: 'bytes', matches: (bytes) => matchesAll(digests, bytes) };
}

/**
 * Returns a function that compares a body with the digests of a field.
 *
 * @throws SignatureError with the codes of {@link digestedBody}.
 */
export function digestMatcher(field: string, value: string): (body: Uint8Array, sha256?: Uint8Array) => boolean {
  const digests = requireDigests(field, value);
  return (body, sha256) => matchesAll(digests, body, sha256);
}

function matchesAll(digests: Digests, bytes: Uint8Array, sha256: Uint8Array = sha256OfBodySync(bytes)): boolean {
  const first = !digests.sha256 || equalInConstantTime(digests.sha256, sha256);
  return first && (!digests.sha512 || equalInConstantTime(digests.sha512, sha512(bytes)));
}

const requireDigests = (field: string, value: string): Digests =>
  readDigests(field, value) ??
  fail('insufficient_coverage', `${field} has neither sha-256 nor sha-512; other digests are not accepted.`, 401);

// Other algorithms are ignored: md5 and sha are broken, and checksums are not secure against an attacker (RFC 9530 section 5).
function readDigests(field: string, value: string): Digests | undefined {
  if (value.length > longest) fail('malformed_field', `${field} has more than ${longest} characters.`);
  const members = canonicaliseDictionary(field, value);
  const sha256 = readDigest(field, members.get('sha-256'), 32);
  const sha512 = readDigest(field, members.get('sha-512'), 64);
  return sha256 || sha512 ? { sha256, sha512 } : undefined;
}

function readDigest(field: string, member: Member | undefined, size: number): Uint8Array | undefined {
  if (!member) return undefined;
  const { value } = member;
  if (!(value instanceof ArrayBuffer && value.byteLength === size)) {
    return fail('malformed_field', `${field} has a digest that is not ${size} bytes in base64 between colons.`);
  }
  return new Uint8Array(value);
}
