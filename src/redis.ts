import { fail, SignatureError } from './core/errors.ts';
import { inTime } from './core/in-time.ts';
import type { ReplayStore } from './server/contracts.ts';

/**
 * Sends one command to Redis or Valkey. With node-redis `(...command) => client.sendCommand(command)`, with ioredis
 * `([name, ...rest]) => client.call(name, ...rest)`, in a cluster of node-redis `(...command) =>
 * cluster.sendCommand(command[3], false, command)`: the fourth word is the key.
 */
export type SendCommand = (...command: string[]) => Promise<unknown>;

/** Where nonces are remembered, and how long a claim may take. */
export type RedisReplayOptions = {
  readonly send: SendCommand;
  /** What the names of all keys begin with. @default 'countersign:' */
  readonly prefix?: string;
  /** After how many milliseconds without an answer a request is refused. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch; the verifier's. @default Date.now */
  readonly clock?: () => number;
};

const buckets = 16;

// All keys of a script must be in one slot of a cluster: what is in braces decides. A bucket knows since when it remembers.
const claimScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = redis.call('GET', KEYS[2])
if not since then
  local told, memory = pcall(redis.call, 'INFO', 'memory')
  if told and type(memory) == 'string' and not memory:find('maxmemory:0%c') and not memory:find('maxmemory_policy:noeviction') then
    return 'evicts'
  end
  redis.call('SET', KEYS[2], now)
  since = now
end
local wait = tonumber(ARGV[1]) - (now - since)
if wait > 0 then return 'young ' .. wait end
if redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) then return 'fresh' end
return 'seen'`;

/** The SHA-1 of the script, by which Redis knows it once it has run: a third of what is sent. */
const claimSha = '2dd7b82d2e47b35f373074a1a3a1d8741dd8bb4f';

const sinceKey = (prefix: string, bucket: number): string => `${prefix}{${bucket}}:since`;

/**
 * Remembers nonces in Redis or Valkey, for any number of servers. A claim is one atomic script. The store knows since when
 * it remembers: one that is new, or has lost its memory in a crash, refuses until everything that it may have forgotten
 * is stale; call {@link prepareRedisReplay} once for one that is new. A server that appends to a file
 * (`appendonly yes`) loses nothing when its process dies.
 *
 * @throws SignatureError `invalid_configuration`; and (its `claim`) `replay_store_full` where Redis is out of memory,
 * `replay_store_unavailable` where it gives no answer in time, may forget nonces early, or has no memory yet.
 */
export function redisReplay(options: RedisReplayOptions): ReplayStore {
  const { send, prefix = 'countersign:', timeout = 1000, clock = () => Date.now() } = options;
  if (!(timeout > 0) || /[{}]/.test(prefix)) {
    fail('invalid_configuration', 'timeout must be a positive number of milliseconds, prefix without braces.');
  }
  return {
    async claim(accessKey, nonce, expiresAt) {
      const lifetime = Math.ceil(expiresAt - clock());
      if (!(lifetime > 0)) unavailable('The replay store and the verifier must have the same clock.');
      const name = `${accessKey}:${nonce}`;
      const bucket = bucketOf(name);
      const keys = [`${prefix}{${bucket}}:nonce:${name}`, sinceKey(prefix, bucket)];
      const answer = await inTime(claimed(send, [...keys, String(lifetime)]), timeout).catch(refused);
      const text = typeof answer === 'string' ? answer : '';
      if (text === 'fresh' || text === 'seen') return text;
      if (text === 'evicts') unavailable('Redis may forget nonces to make room: set maxmemory-policy to noeviction.');
      const [, wait] = /^young (\d+)/.exec(text) ?? [];
      return unavailable(
        wait
          ? `Redis is new or has lost its memory, so replays cannot be told for ${Math.ceil(Number(wait) / 1000)} seconds.`
          : 'The replay store gave no answer that is one.',
      );
    },
  };
}

/** Runs the script by its name; as a whole where Redis does not know it yet, or names are not for this client or proxy. */
async function claimed(send: SendCommand, words: readonly string[]): Promise<unknown> {
  const answer = await send('EVALSHA', claimSha, '2', ...words).catch((cause: unknown) => {
    if (!/\bNOSCRIPT\b|\bNOPERM\b|unknown command/i.test(String((cause as Error | undefined)?.message))) throw cause;
  });
  return typeof answer === 'string' ? answer : send('EVAL', claimScript, '2', ...words);
}

/**
 * Tells that a store is new, and has nothing to remember: to be called once, when it is set up. Never after a loss of data, for
 * then what was received before could be received again.
 *
 * @param options.prefix as that of {@link redisReplay}. @default 'countersign:'
 */
export async function prepareRedisReplay(send: SendCommand, options: { readonly prefix?: string } = {}): Promise<void> {
  const { prefix = 'countersign:' } = options;
  // As an EVAL, so that the key is the fourth word of every command.
  const script = `return redis.call('SET', KEYS[1], 0, 'NX') and 1 or 0`;
  for (let bucket = 0; bucket < buckets; bucket++) await send('EVAL', script, '1', sinceKey(prefix, bucket));
}

// FNV-1a: nonces are random, this only spreads them.
function bucketOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % buckets;
}

function refused(cause: unknown): never {
  if (/\bOOM\b/.test(String((cause as Error | undefined)?.message))) {
    fail('replay_store_full', 'Redis is out of memory: raise maxmemory.', 503, cause);
  }
  return unavailable('Redis gives no answer.', cause);
}

const unavailable = (message: string, cause?: unknown): never =>
  fail('replay_store_unavailable', message, 503, cause instanceof SignatureError ? undefined : cause);
