import { hex } from '../core/encoding.ts';

let pool = new Uint8Array(0);
let used = 0;

/**
 * 128 random bits in hex. Drawn from a pool: asking the system for 16 bytes costs Node half of what the HMAC does.
 * The pool is filled inside the first call, because workerd has no randomness at module scope.
 */
export function randomNonce(): string {
  if (used === pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(4096));
    used = 0;
  }
  used += 16;
  return hex(pool.subarray(used - 16, used));
}
