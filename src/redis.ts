import { fail, SignatureError } from './core/errors.ts';
import { claimScript, prepareScript } from './redis/scripts.ts';
import type { ReplayStore } from './server/contracts.ts';
import { claimId } from './stores/claim-id.ts';
import { toStoreError } from './stores/store-fault.ts';
import { withTimeout } from './stores/with-timeout.ts';

/**
 * Sends one command to Redis or Valkey. With node-redis `(...command) => client.sendCommand(command)`, with ioredis
 * `([name, ...rest]) => client.call(name, ...rest)`, in a cluster of node-redis `(...command) =>
 * cluster.sendCommand(command[3], false, command)`: the fourth word is the key.
 */
export type SendCommand = (...command: string[]) => Promise<unknown>;

/** Where nonces are remembered, and how long a claim may take. */
export type RedisReplayOptions = {
  /** Sends one command to Redis or Valkey. */
  readonly send: SendCommand;
  /** What the names of all keys begin with. @default 'countersign:' */
  readonly prefix?: string;
  /** After how many milliseconds without an answer a request is refused. @default 1000 */
  readonly timeout?: number;
  /**
   * A nonce that is remembered for longer than this many seconds is long-lived. Set it above twice the `tolerance` of the verifier.
   * @default 3600
   */
  readonly longLived?: number;
  /** How many long-lived nonces one access key may have, about; at most. @default 100000 */
  readonly longLivedPerKey?: number;
  /** The time in milliseconds since the epoch; the verifier's. @default Date.now */
  readonly clock?: () => number;
};

const buckets = 16;

/** For how many milliseconds a process believes that a bucket evicts nothing. */
const believed = 10_000;

/** The SHA-1 of {@link claimScript}, by which Redis knows it once it has run: a fifth of what is sent. */
const claimSha = '5d55d6281cee6646e38eb4bdbfb1b9746ac42f8d';

// All keys of a script must be in one slot of a cluster: what is in braces decides. A bucket knows since when it remembers.
const sinceKey = (prefix: string, bucket: number): string => `${prefix}{${bucket}}:since`;

/**
 * Remembers nonces in Redis or Valkey, for any number of servers. A claim is one atomic script. The store knows since when
 * it remembers: one that is new, or has lost its memory in a crash, refuses until everything that it may have forgotten
 * is stale; call {@link prepareRedisReplay} once for one that is new. So does one that has evicted nonces, which each process looks
 * at every ten seconds. A server that appends to a file
 * (`appendonly yes`) loses nothing when its process dies.
 *
 * @throws SignatureError `invalid_configuration`; and (its `claim`) `replay_store_full` where Redis is out of memory,
 * `replay_store_unavailable` where it gives no answer in time, may forget nonces early, or has no memory yet.
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
  // When this process last looked at each bucket for evictions.
  const lookedAt = new Map<number, number>();

  function wordsFor(accessKey: string, id: string, { now, lifetime }: Span): readonly string[] {
    const bucket = Number.parseInt(id.slice(0, 2), 16) % buckets;
    const keys = [`${prefix}{${bucket}}:nonce:${id}`, sinceKey(prefix, bucket)];
    if (lifetime > longLived * 1000) keys.push(`${prefix}{${bucket}}:long:${claimId(accessKey, '')}`);
    const looks = !(Math.abs(now - (lookedAt.get(bucket) ?? -Infinity)) < believed);
    if (looks) lookedAt.set(bucket, now);
    return [String(keys.length), ...keys, String(lifetime), looks ? '1' : '0', perBucket];
  }

  return {
    async claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const lifetime = Math.ceil(expiresAt - now);
      if (!(lifetime > 0 && Number.isSafeInteger(lifetime))) {
        unavailable('The replay store and the verifier must have the same clock.');
      }
      const words = wordsFor(accessKey, claimId(accessKey, nonce), { now, lifetime });
      const result = await withTimeout(claimed(send, words), timeout).catch(refused);
      return result === 'fresh' || result === 'seen' ? result : unclaimed(result, longLivedPerKey);
    },
  };
}

/** From when on, and for how long, a nonce is remembered, in milliseconds. */
type Span = { readonly now: number; readonly lifetime: number };

function unclaimed(result: unknown, longLivedPerKey: number): never {
  if (result === 'evicts') evicting();
  if (result === 'crowded') crowded(longLivedPerKey);
  const [, wait] = /^young (\d+)/.exec(typeof result === 'string' ? result : '') ?? [];
  return unavailable(
    wait
      ? `Redis is new, or has lost or evicted what it remembered, so replays cannot be told for ${Math.ceil(Number(wait) / 1000)} seconds.`
      : 'Redis responds with what is no result of the script.',
  );
}

/** Runs the script by its name; as a whole where Redis does not know it yet, or names are not for this client or proxy. */
async function claimed(send: SendCommand, words: readonly string[]): Promise<unknown> {
  const answer = await send('EVALSHA', claimSha, ...words).catch((cause: unknown) => {
    if (!/\bNOSCRIPT\b|\bNOPERM\b|unknown command/i.test(String((cause as Error | undefined)?.message))) throw cause;
  });
  return typeof answer === 'string' ? answer : send('EVAL', claimScript, ...words);
}

/**
 * Tells that a store is new, and has nothing to remember: to be called once, when it is set up. Never after a loss of data, for
 * then what was received before could be received again.
 *
 * @param options.prefix as that of {@link redisReplay}. @default 'countersign:'
 * @throws SignatureError `replay_store_unavailable` for a Redis that may evict nonces, and what `send` throws.
 */
export async function prepareRedisReplay(send: SendCommand, options: { readonly prefix?: string } = {}): Promise<void> {
  const { prefix = 'countersign:' } = options;
  // As an EVAL, so that the key is the fourth word of every command.
  for (let bucket = 0; bucket < buckets; bucket++) {
    if ((await send('EVAL', prepareScript, '1', sinceKey(prefix, bucket))) === 'evicts') evicting();
  }
}

const evicting = (): never => unavailable('Redis may forget nonces to make room: set maxmemory-policy to noeviction.');

const crowded = (most: number): never =>
  fail(
    'replay_store_full',
    `The access key has about ${most} long-lived nonces, as many as one may have: let its signatures end sooner, or raise longLivedPerKey.`,
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
