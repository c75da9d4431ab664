import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha256OfBodySync } from '../../core/digest.ts';
import type { KeyedHash } from './definition.ts';

/** A hash function and the size of its result in bytes. */
export type Digest = { readonly of: (bytes: Uint8Array) => Uint8Array; readonly size: number };

/** By the name used in templates. The two weak ones are for partners that demand them. */
export const digests: ReadonlyMap<string, Digest> = new Map([
  ['sha256', { of: sha256OfBodySync, size: 32 }],
  ['sha384', { of: sha384, size: 48 }],
  ['sha512', { of: sha512, size: 64 }],
  ['sha1', { of: sha1, size: 20 }],
  ['md5', { of: md5, size: 16 }],
]);

const functions: Readonly<Record<KeyedHash, typeof sha256 | typeof sha512 | typeof sha1>> = {
  sha256,
  sha384,
  sha512,
  sha1,
  md5,
};

/** Computes the HMAC (RFC 2104) with a hash function. For explanations: no algorithm of a definition is HMAC with MD5. */
export const hmacWith = (hash: KeyedHash, key: Uint8Array, data: Uint8Array): Uint8Array =>
  hmac(functions[hash], key, data);
