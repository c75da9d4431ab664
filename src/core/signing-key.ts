import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalInConstantTime } from './constant-time.ts';
import type { PlatformKey, Secret } from './credentials.ts';
import { utf8 } from './encoding.ts';
import { fail } from './errors.ts';

/**
 * Signs and verifies with an algorithm bound to one key. HMAC keys made from bytes return their results synchronously; keys held
 * by WebCrypto return promises.
 */
export type SigningKey = {
  readonly algorithm: string;
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Whether `signature` is valid for the data. The time does not depend on the position of a difference. */
  verify(data: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
  /** Creates the keys that are derived from this one, by the same implementation. @default {@link hmacSha256} */
  readonly hmac?: Hmac;
  /** Returns the key of the same secret for another algorithm, to find secrets that two schemes share. @default none */
  under?(algorithm: string): SigningKey | undefined;
};

/** Creates an HMAC-SHA256 key, as {@link hmacSha256} does. */
export type Hmac = (secret: Secret) => SigningKey;

/**
 * Creates an HMAC-SHA256 key (RFC 2104). The UTF-8 bytes of a text are the key. The hash state that depends on the key alone is
 * computed once and copied for each message.
 *
 * @throws SignatureError `invalid_credentials` for a CryptoKey that is not for HMAC with SHA-256.
 */
export function hmacSha256(secret: Secret): SigningKey {
  const key = typeof secret === 'string' ? utf8(secret) : secret;
  return ArrayBuffer.isView(key) ? keyOfBytes(key) : keyOfCryptoKey(key);
}

function keyOfBytes(secret: Uint8Array): SigningKey {
  const keyed = hmac.create(sha256, secret);
  const working = keyed.clone();
  const sign = (data: Uint8Array): Uint8Array => {
    // Keep this synchronous, so that no other message can use the shared state between the copy and the digest.
    const tag = new Uint8Array(32);
    keyed._cloneInto(working).update(data).digestInto(tag);
    return tag;
  };
  return {
    algorithm: 'hmac-sha256',
    sign,
    verify: (data, signature) => equalInConstantTime(sign(data), signature),
  };
}

function keyOfCryptoKey(key: PlatformKey): SigningKey {
  const { name, hash } = key.algorithm as HmacKeyAlgorithm;
  if (name !== 'HMAC' || hash.name !== 'SHA-256')
    fail('invalid_credentials', `The CryptoKey is for ${name}, not HMAC with SHA-256.`);
  return platformSigningKey(key, 'hmac-sha256');
}

/** Wraps a CryptoKey that needs no parameters beside the name of its algorithm. The caller has checked that the key fits. */
export function platformSigningKey(key: PlatformKey, algorithm: string): SigningKey {
  const { name } = key.algorithm;
  return {
    algorithm,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(name, key, data as BufferSource)),
    verify: (data, signature) => crypto.subtle.verify(name, key, signature as BufferSource, data as BufferSource),
  };
}
