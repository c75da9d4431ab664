import { base64url, decodeBase64, utf8 } from '../encoding.ts';
import { type Hmac, hmacSha256 } from '../signing-key.ts';

/** What binds a session to a key pair. */
export type Binding = {
  /** The raw public key: 32 bytes of Ed25519, or 65 of P-256. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The access key up to the tag. */
  readonly tagged: string;
  readonly tag: Uint8Array;
};

/**
 * Computes the tag of a bound session, by which its issuer states the claims with the public key: HMAC-SHA256 with a domain of its own.
 *
 * @param secret of the parent: a string or bytes.
 * @param tagged the access key up to the tag.
 */
export const boundTag = (secret: string | Uint8Array, tagged: string, hmac: Hmac = hmacSha256): Uint8Array =>
  // Synchronous, because the key is made from text or bytes.
  hmac(secret).sign(utf8(`countersign-session1-bound\n${tagged}`)) as Uint8Array;

/** Decodes a tag in its only spelling: 43 characters of base64url, whose spare bits are zero. */
export function decodeTag(text: string): Uint8Array | undefined {
  if (!/^[\w-]{43}$/.test(text)) return undefined;
  const tag = decodeBase64(text);
  return base64url(tag) === text ? tag : undefined;
}
