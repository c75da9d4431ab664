import { base64url, utf8 } from '../encoding.ts';
import { type Hmac, hmacSha256 } from '../signing-key.ts';

/**
 * Derives the secret of a session: HMAC-SHA256 over its access key, with a domain of its own, in base64url. The access key contains
 * all claims, so a changed claim needs another secret.
 *
 * @param secret of the parent, or of the session before in the chain: a string or bytes.
 * @param accessKeys of each link, in order, as {@link SessionKey} has them.
 */
export function deriveSessionSecret(
  secret: string | Uint8Array,
  accessKeys: readonly string[],
  hmac: Hmac = hmacSha256,
): string {
  let derived: string | Uint8Array = secret;
  for (const accessKey of accessKeys) {
    // Synchronous, because the key is made from text or bytes.
    derived = base64url(hmac(derived).sign(utf8(`countersign-session1\n${accessKey}`)) as Uint8Array);
  }
  return derived as string;
}
