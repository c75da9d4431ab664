import { hex } from '../core/encoding.ts';

let pool = '';

/**
 * 128 random bits in hex. Drawn from a pool: asking the system for 16 bytes costs Node half of what the HMAC does.
 * The pool is filled inside the first call, because workerd has no randomness at module scope.
 */
export function randomNonce(): string {
  pool ||= hex(crypto.getRandomValues(new Uint8Array(4096)));
  const nonce = pool.slice(0, 32);
  pool = pool.slice(32);
  return nonce;
}
