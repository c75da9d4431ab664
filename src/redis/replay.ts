import { fail, SignatureError } from '../core/errors.ts';
import type { ReplayStore } from '../server/contracts.ts';
import { checkClaimEnd, claimId } from '../stores/claim.ts';
import { toStoreError } from '../stores/store-fault.ts';
import {
  createBuckets,
  isOutOfMemory,
  perBucket,
  type RedisOptions,
  readYoung,
  type SendCommand,
  sinceKeys,
} from './buckets.ts';
import { claimScript, prepareScript } from './scripts.ts';

/** The connection of a replay store in Redis, and its limits. */
export type RedisReplayOptions = RedisOptions & {
  /**
   * A nonce remembered for longer than this, in seconds, is long-lived. Set it above twice the `tolerance` of the verifier.
   * @default 3600
   */
  readonly longLived?: number;
  /** Approximate maximum number of long-lived nonces per access key. @default 100000 */
  readonly longLivedPerKey?: number;
};

/**
 * Remembers nonces in Redis or Valkey, for any number of servers. A claim is one atomic script. The store records since when it
 * remembers: after a loss of data it refuses every request that could have been accepted before. Call {@link prepareRedisReplay} once
 * for a new store, so that it starts at once. Evicted nonces count as a loss; each process checks for evictions every ten seconds.
 * With `appendonly yes`, Redis loses nothing when its process is killed.
 *
 * @throws SignatureError `invalid_configuration`. Its `claim` throws `replay_store_full` if Redis is out of memory or a limit is
 * reached, and `replay_store_unavailable` if Redis does not respond in time, may evict nonces, or has lost data.
 * @example
 * import { redisReplay } from 'countersign/redis';
 * import { createClient } from 'redis';
 *
 * const client = createClient();
 * const replay = redisReplay({ send: (...command) => client.sendCommand(command) });
 */
export function redisReplay(options: RedisReplayOptions): ReplayStore {
  const { longLived = 3600, longLivedPerKey = 100_000, clock = () => Date.now() } = options;
  const buckets = createBuckets(options);
  if (!(longLived > 0 && longLivedPerKey >= 1)) {
    fail('invalid_configuration', 'longLived must be a positive number of seconds, longLivedPerKey at least 1.');
  }
  const limit = String(perBucket(longLivedPerKey));
  return {
    async claim(accessKey, nonce, expiresAt, notBefore) {
      const now = clock();
      const age = ageOf(notBefore, now);
      const lifetime = Math.ceil(checkClaimEnd(expiresAt, now) - now);
      const id = claimId(accessKey, nonce);
      const bucket = buckets.of(id);
      const keys = [bucket.key('nonce', id), bucket.since];
      if (lifetime > longLived * 1000) keys.push(bucket.key('long', claimId(accessKey, '')));
      const values = [String(age), bucket.checks(now), String(lifetime), limit];
      const result = await buckets.run(claimScript, { keys, values }).catch(refused);
      if (result === 'fresh' || result === 'seen') return result;
      return failClaim(result, { longLivedPerKey, notBefore });
    },
  };
}

/** For how long a request could have been accepted until now, in milliseconds. */
function ageOf(notBefore: number | undefined, now: number): number {
  const age = Math.ceil(now - (notBefore ?? 0));
  return Number.isSafeInteger(age) ? Math.max(0, age) : unavailable('notBefore is not a time in milliseconds.');
}

type RefusedClaim = { readonly longLivedPerKey: number; readonly notBefore: number | undefined };

function failClaim(result: unknown, { longLivedPerKey, notBefore }: RefusedClaim): never {
  if (result === 'evicts') evicting();
  if (result === 'crowded') crowded(longLivedPerKey);
  const wait = readYoung(result);
  if (wait === undefined) return unavailable('Redis returned a value that is not a result of the script.');
  const then = notBefore === undefined ? '.' : `: one that is signed in ${wait} seconds is accepted.`;
  return unavailable(`Redis is new, or has lost or evicted data, so it may have forgotten this request${then}`);
}

/**
 * Marks a new store as empty, so that it accepts requests at once. Call it once, at setup. Never call it after a loss of data:
 * requests that were received before could then be replayed.
 *
 * @param options.prefix the same as for {@link redisReplay}. @default 'countersign:'
 * @throws SignatureError `replay_store_unavailable` if Redis may evict nonces, and errors of `send`.
 * @example
 * import { prepareRedisReplay } from 'countersign/redis';
 * import { createClient } from 'redis';
 *
 * const client = await createClient().connect();
 * await prepareRedisReplay((...command) => client.sendCommand(command));
 */
export async function prepareRedisReplay(send: SendCommand, options: { readonly prefix?: string } = {}): Promise<void> {
  const { prefix = 'countersign:' } = options;
  // With EVAL, so that the key is the fourth word of every command.
  for (const key of sinceKeys(prefix)) if ((await send('EVAL', prepareScript, '1', key)) === 'evicts') evicting();
}

const evicting = (): never => unavailable('Redis may evict nonces to free memory: set maxmemory-policy to noeviction.');

const crowded = (most: number): never =>
  fail(
    'replay_store_full',
    `The access key has about ${most} long-lived nonces, the maximum for one key: sign with a shorter lifetime, or raise longLivedPerKey.`,
    503,
  );

function refused(cause: unknown): never {
  if (isOutOfMemory(cause)) {
    fail('replay_store_full', 'Redis is out of memory: raise maxmemory.', 503, cause);
  }
  return unavailable(toStoreError('Redis', cause), cause);
}

const unavailable = (message: string, cause?: unknown): never =>
  fail('replay_store_unavailable', message, 503, cause instanceof SignatureError ? undefined : cause);
