import { hex } from '../core/encoding.ts';

let pool = '';

/**
 * Returns 128 random bits in hex, from a pool: in Node, 16 bytes from the system cost half as much as the HMAC. The first call
 * fills the pool, because workerd has no randomness at module scope.
 */
export function randomNonce(): string {
  pool ||= hex(crypto.getRandomValues(new Uint8Array(4096)));
  const nonce = pool.slice(0, 32);
  pool = pool.slice(32);
  return nonce;
}
