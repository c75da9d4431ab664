import { fail } from '../core/errors.ts';
import type { ReplayStore } from './contracts.ts';

/** How much is remembered, and by which clock. */
export type MemoryReplayOptions = {
  /** How many nonces are remembered at most; about 150 bytes each. Above it, requests are refused. @default 1000000 */
  readonly capacity?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

type Generation = { readonly nonces: Set<string>; expiresAt: number };

/**
 * Remembers nonces in this process alone: for one server, and for tests. Two generations, the older of which is
 * dropped whole once its last nonce has expired, so that there is no timer per nonce and none is forgotten early.
 *
 * @throws SignatureError (its `claim`) `replay_store_full`: forgetting a nonce to make room would let its replay in;
 * `replay_store_unavailable` for what has expired already by this store's clock, which is not the verifier's.
 */
export function memoryReplay({
  capacity = 1_000_000,
  clock = () => Date.now(),
}: MemoryReplayOptions = {}): ReplayStore {
  if (!(capacity >= 1)) fail('invalid_configuration', `capacity is ${capacity}, it must be at least 1.`);
  let older: Generation = { nonces: new Set(), expiresAt: 0 };
  let newer: Generation = { nonces: new Set(), expiresAt: 0 };
  return {
    claim(accessKey, nonce, expiresAt) {
      const now = clock();
      if (!(expiresAt > now)) {
        fail('replay_store_unavailable', 'The replay store and the verifier must have the same clock.', 503);
      }
      if (older.expiresAt <= now) {
        older = newer;
        newer = { nonces: new Set(), expiresAt: 0 };
      }
      // A text of its own: what is joined otherwise holds on to its parts, and those to the headers that they were cut out of.
      const claim = [accessKey, nonce].join('\n');
      if (newer.nonces.has(claim) || older.nonces.has(claim)) return 'seen';
      if (newer.nonces.size + older.nonces.size >= capacity) {
        fail('replay_store_full', `All ${capacity} nonces that may be remembered are in use: raise capacity.`, 503);
      }
      newer.nonces.add(claim);
      newer.expiresAt = Math.max(newer.expiresAt, expiresAt);
      return 'fresh';
    },
  };
}
