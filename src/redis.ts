import { fail, SignatureError } from './core/errors.ts';
import { claimScript, prepareScript } from './redis/scripts.ts';
import type { ReplayStore } from './server/contracts.ts';
import { checkClaimEnd, claimId } from './stores/claim.ts';
import { toStoreError } from './stores/store-fault.ts';
import { withTimeout } from './stores/with-timeout.ts';

/**
 * Sends one command to Redis or Valkey. With node-redis: `(...command) => client.sendCommand(command)`. With ioredis:
 * `([name, ...rest]) => client.call(name, ...rest)`. With a node-redis cluster:
 * `(...command) => cluster.sendCommand(command[3], false, command)`, because the fourth word is the key.
 */
export type SendCommand = (...command: string[]) => Promise<unknown>;

/** The connection of a replay store in Redis, and its limits. */
export type RedisReplayOptions = {
  /** Sends one command to Redis or Valkey. */
  readonly send: SendCommand;
  /** Prefix of all key names. @default 'countersign:' */
  readonly prefix?: string;
  /** How long to wait for Redis, in milliseconds; then the request is refused with 503. @default 1000 */
  readonly timeout?: number;
  /**
   * A nonce remembered for longer than this, in seconds, is long-lived. Set it above twice the `tolerance` of the verifier.
   * @default 3600
   */
  readonly longLived?: number;
  /** Approximate maximum number of long-lived nonces per access key. @default 100000 */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch. Must be the verifier's clock. @default Date.now */
  readonly clock?: () => number;
};

const buckets = 16;

/** How long a process relies on its last check of a bucket for evictions, in milliseconds. */
const checkInterval = 10_000;

/** The SHA-1 of {@link claimScript}, for EVALSHA: a fifth of the bytes of the script. */
const claimSha = '5d55d6281cee6646e38eb4bdbfb1b9746ac42f8d';

// All keys of a script must be in one cluster slot, which the part in braces determines. Each bucket stores since when it remembers.
const sinceKey = (prefix: string, bucket: number): string => `${prefix}{${bucket}}:since`;

/**
 * Remembers nonces in Redis or Valkey, for any number of servers. A claim is one atomic script. The store records since when it
 * remembers: after a loss of data it refuses requests until every nonce that it may have lost has expired. Call
 * {@link prepareRedisReplay} once for a new store, so that it starts at once. Evicted nonces count as a loss; each process checks
 * for evictions every ten seconds. With `appendonly yes`, Redis loses nothing when its process is killed.
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
  const { send, prefix = 'countersign:', timeout = 1000, clock = () => Date.now() } = options;
  const { longLived = 3600, longLivedPerKey = 100_000 } = options;
  if (!(timeout > 0) || /[{}]/.test(prefix)) {
    fail('invalid_configuration', 'timeout must be a positive number of milliseconds, prefix without braces.');
  }
  if (!(longLived > 0 && longLivedPerKey >= 1)) {
    fail('invalid_configuration', 'longLived must be a positive number of seconds, longLivedPerKey at least 1.');
  }
  const perBucket = String(Math.ceil(longLivedPerKey / buckets));
  // When this process last checked each bucket for evictions.
  const checkedAt = new Map<number, number>();

  function wordsFor(accessKey: string, id: string, { now, lifetime }: Span): readonly string[] {
    const bucket = Number.parseInt(id.slice(0, 2), 16) % buckets;
    const keys = [`${prefix}{${bucket}}:nonce:${id}`, sinceKey(prefix, bucket)];
    if (lifetime > longLived * 1000) keys.push(`${prefix}{${bucket}}:long:${claimId(accessKey, '')}`);
    const checks = !(Math.abs(now - (checkedAt.get(bucket) ?? -Infinity)) < checkInterval);
    if (checks) checkedAt.set(bucket, now);
    return [String(keys.length), ...keys, String(lifetime), checks ? '1' : '0', perBucket];
  }

  return {
    async claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const lifetime = Math.ceil(checkClaimEnd(expiresAt, now) - now);
      const words = wordsFor(accessKey, claimId(accessKey, nonce), { now, lifetime });
      const result = await withTimeout(runClaim(send, words), timeout).catch(refused);
      return result === 'fresh' || result === 'seen' ? result : failClaim(result, longLivedPerKey);
    },
  };
}

/** The time, and how long to remember a nonce, in milliseconds. */
type Span = { readonly now: number; readonly lifetime: number };

function failClaim(result: unknown, longLivedPerKey: number): never {
  if (result === 'evicts') evicting();
  if (result === 'crowded') crowded(longLivedPerKey);
  const [, wait] = /^young (\d+)/.exec(typeof result === 'string' ? result : '') ?? [];
  return unavailable(
    wait
      ? `Redis is new, or has lost or evicted data, so replays cannot be detected for ${Math.ceil(Number(wait) / 1000)} seconds.`
      : 'Redis returned a value that is not a result of the script.',
  );
}

/** Runs the script by its SHA-1; with its text if Redis does not have it yet, or if the client or proxy does not allow EVALSHA. */
async function runClaim(send: SendCommand, words: readonly string[]): Promise<unknown> {
  const result = await send('EVALSHA', claimSha, ...words).catch((cause: unknown) => {
    if (!/\bNOSCRIPT\b|\bNOPERM\b|unknown command/i.test(String((cause as Error | undefined)?.message))) throw cause;
  });
  return typeof result === 'string' ? result : send('EVAL', claimScript, ...words);
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
  for (let bucket = 0; bucket < buckets; bucket++) {
    if ((await send('EVAL', prepareScript, '1', sinceKey(prefix, bucket))) === 'evicts') evicting();
  }
}

const evicting = (): never => unavailable('Redis may evict nonces to free memory: set maxmemory-policy to noeviction.');

const crowded = (most: number): never =>
  fail(
    'replay_store_full',
    `The access key has about ${most} long-lived nonces, the maximum for one key: sign with a shorter lifetime, or raise longLivedPerKey.`,
    503,
  );

function refused(cause: unknown): never {
  if (/\bOOM\b/.test(String((cause as Error | undefined)?.message))) {
    fail('replay_store_full', 'Redis is out of memory: raise maxmemory.', 503, cause);
  }
  return unavailable(toStoreError('Redis', cause), cause);
}

const unavailable = (message: string, cause?: unknown): never =>
  fail('replay_store_unavailable', message, 503, cause instanceof SignatureError ? undefined : cause);
