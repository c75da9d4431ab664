import { equalInConstantTime } from '../core/constant-time.ts';
import type { Secret } from '../core/credentials.ts';
import { nativeSha256 } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import { hmacSha256, type SigningKey } from '../core/signing-key.ts';

/** The block size of SHA-256, in bytes. */
const block = 64;
/** Messages up to this size, in bytes, share one buffer with the key, so that signing allocates nothing. */
const short = 4096;

/**
 * Creates the same HMAC-SHA256 key as {@link hmacSha256}, computed by `node:crypto` where the runtime has it, in less than half the
 * time. For servers; clients don't bundle this code.
 *
 * @throws SignatureError `invalid_credentials` for a CryptoKey that is not for HMAC with SHA-256.
 */
export function nativeHmacSha256(secret: Secret): SigningKey {
  const sha256 = nativeSha256();
  const given = typeof secret === 'string' ? utf8(secret) : secret;
  if (!sha256 || !ArrayBuffer.isView(given)) return hmacSha256(secret);
  // RFC 2104: a key longer than a block is hashed first.
  const key = given.length > block ? sha256(given) : given;
  const inner = new Uint8Array(block + short).fill(0x36, 0, block);
  const outer = new Uint8Array(block + 32).fill(0x5c, 0, block);
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  // Keep this synchronous, so that no other message can use the shared buffers in between.
  const sign = (data: Uint8Array): Uint8Array => {
    const message = data.length > short ? new Uint8Array(block + data.length) : inner;
    if (message !== inner) message.set(inner.subarray(0, block));
    message.set(data, block);
    outer.set(sha256(message.subarray(0, block + data.length)), block);
    return sha256(outer);
  };
  return {
    algorithm: 'hmac-sha256',
    sign,
    verify: (data, signature) => equalInConstantTime(sign(data), signature),
    hmac: nativeHmacSha256,
  };
}
