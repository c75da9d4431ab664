import { sha256OfBodySync } from '../core/digest.ts';
import { hex, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';

/**
 * A nonce and its access key as SHA-256 in lower-case hex. It has a fixed length and only hex digits, so that stores that fold case, trim
 * spaces or truncate long strings cannot confuse two nonces.
 */
export const claimId = (accessKey: string, nonce: string): string =>
  hex(sha256OfBodySync(utf8(`${accessKey.length}:${accessKey}${nonce}`)));

/**
 * Returns the end of a claim in whole milliseconds since the epoch.
 *
 * @throws SignatureError `replay_store_unavailable` if the end is not after `now`: a store with another clock forgets too early.
 */
export function checkClaimEnd(expiresAt: number, now: number): number {
  const until = Math.ceil(expiresAt);
  return until > now && Number.isSafeInteger(until)
    ? until
    : fail('replay_store_unavailable', 'The replay store and the verifier must have the same clock.', 503);
}
