import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha256OfBodySync } from '../../core/digest.ts';

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
