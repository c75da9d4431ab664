import { fail } from '../../core/errors.ts';
import type { ReplayStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { longClaims } from './long-claims.ts';

/** How much is remembered, and by which clock. */
export type MemoryReplayOptions = {
  /**
   * How many nonces are remembered at most, 110 to 210 bytes each. Above it, requests are refused with `replay_store_full`.
   * @default 1000000
   */
  readonly capacity?: number;
  /**
   * A nonce that is remembered for longer than this many seconds is long-lived: at most half of `capacity` is for those. Set it
   * above twice the `tolerance` of the verifier. @default 3600
   */
  readonly longLived?: number;
  /**
   * How many long-lived nonces one access key may have at most. Above it, its requests are refused with `replay_store_full`.
   * @default a tenth of the capacity
   */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch; the verifier's, or claims are refused. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<MemoryReplayOptions> = {
  capacity: true,
  longLived: true,
  longLivedPerKey: true,
  clock: true,
};

/** The nonces that end within one span of time. */
type Bucket = {
  readonly nonces: Set<string>;
  /** By whom each long-lived nonce among them is counted. */
  readonly longLivedOf: string[];
};

/**
 * Remembers nonces in this process alone: for one server, and for tests. Nonces are kept in buckets by the time at which they end,
 * and a bucket is dropped whole when its time has come: so there is no timer per nonce, none is forgotten early, and one that is
 * remembered for a week does not prolong the others.
 *
 * @throws SignatureError `invalid_configuration`; (its `claim`) `replay_store_full`, because forgetting a nonce to make room would
 * let its replay in; `replay_store_unavailable` for what has expired already by this store's clock, which is not the verifier's.
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

  /** Drops what is over, and looks through the rest. */
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
      // A text of its own: what is joined otherwise holds on to its parts, and those to the headers that they were cut out of.
      const claim = [accessKey, nonce].join('\n');
      if (isSeen(claim, now)) return 'seen';
      if (count >= capacity) {
        fail('replay_store_full', `All ${capacity} nonces that may be remembered are in use: raise capacity.`, 503);
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
 * The end of the bucket of a nonce: at most a quarter of its lifetime later than its own. Buckets grow with the lifetime, in powers
 * of two, so that there are few of them, whatever lifetimes are asked for.
 */
function endOfBucket(expiresAt: number, lifetime: number): number {
  const width = 2 ** Math.floor(Math.log2(lifetime / 4));
  return Math.ceil(expiresAt / width) * width;
}
