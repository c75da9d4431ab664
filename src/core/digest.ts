import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from './encoding.ts';

/** From this size WebCrypto's digest beats the synchronous one on most runtimes (bytes). */
const webCryptoFrom = 4096;
/** What is hashed without letting other work run: about a millisecond in the slower browsers (bytes). */
const slice = 65536;

/**
 * SHA-256 of a body. Small bodies are hashed at once; large ones by WebCrypto where the
 * runtime has it, elsewhere slice by slice so that the event loop is never held for long.
 */
export async function sha256OfBody(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < webCryptoFrom) return sha256(bytes);
  const subtle = globalThis.crypto?.subtle; // absent on pages served over plain http
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource));
  const hash = sha256.create();
  for (let start = 0; start < bytes.length; start += slice) {
    hash.update(bytes.subarray(start, start + slice));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return hash.digest();
}

/** SHA-256 of a body, at once: holds the event loop about 5 ms per MiB. */
export const sha256OfBodySync = (bytes: Uint8Array): Uint8Array => sha256(bytes);

/** The digest as a Content-Digest field value, RFC 9530 section 2. */
export const contentDigest = (digest: Uint8Array): string => `sha-256=:${base64(digest)}:`;
