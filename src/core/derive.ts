import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from './encoding.ts';

/** 32 bytes derived from a master secret for one purpose, by HKDF-SHA256 (RFC 5869). */
export const derivedBytes = (master: Uint8Array, purpose: string, info: string): Uint8Array =>
  hkdf(sha256, master, utf8(purpose), utf8(info), 32);
