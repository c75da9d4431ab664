import { sha512 } from '@noble/hashes/sha2.js';
import { sha256OfBodySync } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';
import type { PresentedBody } from '../../core/scheme.ts';
import { equalInConstantTime } from '../../core/signing-key.ts';
import { canonicaliseDictionary, type Member } from '../structured-fields.ts';

/** In characters: every registered digest of one body takes less. */
const longest = 1024;

type Digests = { readonly sha256: Uint8Array | undefined; readonly sha512: Uint8Array | undefined };

/** Whether a caller has put a digest into the headers that a verifier will take. */
export function declaresDigest(headers: HeaderView): boolean {
  const value = headers.get('content-digest');
  if (value === null) return false;
  try {
    return digestsIn('Content-Digest', value) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The body that a covered Content-Digest speaks of (RFC 9530): of the digests in it all that are known must be right.
 *
 * @throws SignatureError `malformed_field`, and `insufficient_coverage` where it has neither sha-256 nor sha-512.
 */
export function digestedBody(value: string): PresentedBody {
  const digests = requiredDigests('Content-Digest', value);
  const { sha256 } = digests;
  if (sha256 && !digests.sha512) return { kind: 'digest', sha256 };
  return { kind: 'bytes', matches: (bytes) => fits(digests, bytes) };
}

/**
 * Whether a body has the digests of a field.
 *
 * @throws SignatureError as {@link digestedBody} does.
 */
export function digestMatcher(field: string, value: string): (body: Uint8Array, sha256?: Uint8Array) => boolean {
  const digests = requiredDigests(field, value);
  return (body, sha256) => fits(digests, body, sha256);
}

function fits(digests: Digests, bytes: Uint8Array, sha256: Uint8Array = sha256OfBodySync(bytes)): boolean {
  const first = !digests.sha256 || equalInConstantTime(digests.sha256, sha256);
  return first && (!digests.sha512 || equalInConstantTime(digests.sha512, sha512(bytes)));
}

const requiredDigests = (field: string, value: string): Digests =>
  digestsIn(field, value) ??
  fail('insufficient_coverage', `${field} has neither sha-256 nor sha-512, and no other digest is accepted.`, 401);

// Others are passed over: md5 and sha are broken, the checksums never meant to withstand anyone (RFC 9530 section 5).
function digestsIn(field: string, value: string): Digests | undefined {
  if (value.length > longest) fail('malformed_field', `${field} has more than ${longest} characters.`);
  const members = canonicaliseDictionary(field, value);
  const sha256 = bytesIn(field, members.get('sha-256'), 32);
  const sha512 = bytesIn(field, members.get('sha-512'), 64);
  return sha256 || sha512 ? { sha256, sha512 } : undefined;
}

function bytesIn(field: string, member: Member | undefined, size: number): Uint8Array | undefined {
  if (!member) return undefined;
  const { value } = member;
  if (!(value instanceof ArrayBuffer && value.byteLength === size)) {
    return fail('malformed_field', `${field} has a digest that is not ${size} bytes in base64 between colons.`);
  }
  return new Uint8Array(value);
}
