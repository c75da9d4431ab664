import { fail } from '../../core/errors.ts';
import type { ReplayStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { longClaims } from './long-claims.ts';

/** Limits of a replay store in memory, and its clock. */
export type MemoryReplayOptions = {
  /**
   * Maximum number of nonces, of 110 to 210 bytes each. When it is reached, requests are refused with `replay_store_full`.
   * @default 1000000
   */
  readonly capacity?: number;
  /**
   * A nonce remembered for longer than this, in seconds, is long-lived. Long-lived nonces may use half of `capacity`. Set it above
   * twice the `tolerance` of the verifier. @default 3600
   */
  readonly longLived?: number;
  /**
   * Maximum number of long-lived nonces per access key. When it is reached, requests of the key are refused with
   * `replay_store_full`. @default a tenth of the capacity
   */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch. Must be the verifier's clock, or claims are refused. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<MemoryReplayOptions> = {
  capacity: true,
  longLived: true,
  longLivedPerKey: true,
  clock: true,
};

/** The nonces that expire within one span of time. */
type Bucket = {
  readonly nonces: Set<string>;
  /** For each long-lived nonce, the name under which it is counted. */
  readonly longLivedOf: string[];
};

/**
 * Remembers nonces in the memory of this process: for a single server, and for tests. Nonces are stored in buckets by expiry,
 * and a bucket is dropped as a whole when it expires. This needs no timer per nonce and forgets none early, and a nonce with a
 * lifetime of a week does not extend the others.
 *
 * @throws SignatureError `invalid_configuration`. Its `claim` throws `replay_store_full`, because evicting a nonce would allow its
 * replay, and `replay_store_unavailable` if the claim has already expired: the verifier has a different clock.
 * @example
 * import { memoryReplay } from 'countersign/server';
 *
 * const replay = memoryReplay({ capacity: 100_000 });
 * console.log(replay.claim('ck_1', 'nonce', Date.now() + 60_000)); // → fresh
 * console.log(replay.claim('ck_1', 'nonce', Date.now() + 60_000)); // → seen
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  requireKnownOptions(options, names, 'memoryReplay()');
  const { capacity = 1_000_000, longLived = 3600, clock = () => Date.now() } = options;
  const { longLivedPerKey = Math.ceil(capacity / 10) } = options;
  if (!(capacity >= 1)) fail('invalid_configuration', `capacity is ${capacity}, it must be at least 1.`);
  if (!(longLived > 0 && longLivedPerKey >= 1)) {
    fail('invalid_configuration', 'longLived must be a positive number of seconds, longLivedPerKey at least 1.');
  }
  const buckets = new Map<number, Bucket>();
  const long = longClaims({ perKey: longLivedPerKey, together: Math.ceil(capacity / 2) });
  let count = 0;

  /** Drops expired buckets, and searches the others. */
  function isSeen(claim: string, now: number): boolean {
    let seen = false;
    for (const [end, { nonces, longLivedOf }] of buckets) {
      if (end <= now) {
        count -= nonces.size;
        long.end(longLivedOf);
        buckets.delete(end);
      } else seen ||= nonces.has(claim);
    }
    return seen;
  }

  return {
    claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const lifetime = expiresAt - now;
      if (!(lifetime > 0 && lifetime < Infinity)) {
        fail('replay_store_unavailable', 'The replay store and the verifier must have the same clock.', 503);
      }
      // Joined, so that it is a new string: a concatenation would keep the headers in memory that its parts were cut from.
      const claim = [accessKey, nonce].join('\n');
      if (isSeen(claim, now)) return 'seen';
      if (count >= capacity) {
        fail(
          'replay_store_full',
          `All ${capacity} nonces that the store can remember are in use: raise capacity.`,
          503,
        );
      }
      const end = endOfBucket(expiresAt, lifetime);
      const { nonces, longLivedOf } = buckets.get(end) ?? { nonces: new Set(), longLivedOf: [] };
      if (lifetime > longLived * 1000) longLivedOf.push(long.begin(accessKey));
      buckets.set(end, { nonces, longLivedOf });
      nonces.add(claim);
      count++;
      return 'fresh';
    },
  };
}

/**
 * When the bucket of a nonce expires: at most a quarter of the nonce's lifetime after the nonce. The width of a bucket is a power
 * of two that grows with the lifetime, so there are few buckets for any mix of lifetimes.
 */
function endOfBucket(expiresAt: number, lifetime: number): number {
  const width = 2 ** Math.floor(Math.log2(lifetime / 4));
  return Math.ceil(expiresAt / width) * width;
}
