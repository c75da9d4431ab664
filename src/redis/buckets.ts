import { fail } from '../core/errors.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import type { Script } from './scripts.ts';

/**
 * Sends one command to Redis or Valkey. With node-redis: `(...command) => client.sendCommand(command)`. With ioredis:
 * `([name, ...rest]) => client.call(name, ...rest)`. With a node-redis cluster:
 * `(...command) => cluster.sendCommand(command[3], false, command)`, because the fourth word is the key.
 */
export type SendCommand = (...command: string[]) => Promise<unknown>;

/** How a store reaches Redis. */
export type RedisOptions = {
  /** Sends one command to Redis or Valkey. */
  readonly send: SendCommand;
  /** Prefix of all key names. @default 'countersign:' */
  readonly prefix?: string;
  /** How long to wait for Redis, in milliseconds; then the request is refused with 503. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. Must be the verifier's clock. @default Date.now */
  readonly clock?: () => number;
};

/** One of the parts that a store divides its keys into. A cluster may have each on another server. */
export type Bucket = {
  /** The name of the key that holds since when the bucket remembers. */
  readonly since: string;
  /** The name of one of its keys. */
  key(kind: string, id: string): string;
  /** `1` if a script should check for evictions, at most every ten seconds in this process. Otherwise `0`. */
  checks(now: number): '0' | '1';
};

/** The buckets of a store. */
export type Buckets = {
  of(id: string): Bucket;
  /** Runs a script with its words: the keys, and the arguments. Rejects with a TimeoutError after `timeout`. */
  run(
    script: Script,
    words: { readonly keys: readonly string[]; readonly values: readonly string[] },
  ): Promise<unknown>;
};

const count = 16;

/** How long a process relies on its last check of a bucket for evictions, in milliseconds. */
const checkInterval = 10_000;

// All keys of a script must be in one cluster slot, which the part in braces determines. Each bucket stores since when it remembers.
const sinceKey = (prefix: string, bucket: number): string => `${prefix}{${bucket}}:since`;

/** The names of the keys that hold since when each bucket remembers. */
export const sinceKeys = (prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, bucket) => sinceKey(prefix, bucket));

/** A limit for all keys as a limit for one bucket. */
export const perBucket = (limit: number): number => Math.ceil(limit / count);

/**
 * @throws SignatureError `invalid_configuration`
 */
export function createBuckets({ send, prefix = 'countersign:', timeout = 1000 }: RedisOptions): Buckets {
  if (!(timeout > 0) || /[{}]/.test(prefix)) {
    fail('invalid_configuration', 'timeout must be a positive number of milliseconds, prefix without braces.');
  }
  // When this process last checked each bucket for evictions.
  const checkedAt = new Map<number, number>();
  return {
    of(id) {
      const bucket = Number.parseInt(id.slice(0, 2), 16) % count;
      return {
        since: sinceKey(prefix, bucket),
        key: (kind, name) => `${prefix}{${bucket}}:${kind}:${name}`,
        checks(now) {
          if (Math.abs(now - (checkedAt.get(bucket) ?? -Infinity)) < checkInterval) return '0';
          checkedAt.set(bucket, now);
          return '1';
        },
      };
    },
    run: (script, { keys, values }) =>
      withTimeout(runScript(send, script, [String(keys.length), ...keys, ...values]), timeout),
  };
}

/** Runs the script by its SHA-1; with its text if Redis does not have it yet, or if the client or proxy does not allow EVALSHA. */
async function runScript(send: SendCommand, { sha, text }: Script, words: readonly string[]): Promise<unknown> {
  const result = await send('EVALSHA', sha, ...words).catch((cause: unknown) => {
    if (!/\bNOSCRIPT\b|\bNOPERM\b|unknown command/i.test(String((cause as Error | undefined)?.message))) throw cause;
  });
  return typeof result === 'string' ? result : send('EVAL', text, ...words);
}

/** True if Redis refused a command because it is out of memory. */
export const isOutOfMemory = (cause: unknown): boolean => /\bOOM\b/.test(String((cause as Error | undefined)?.message));

/** The wait in seconds until a bucket has remembered for long enough, if a script returned it. */
export function readYoung(result: unknown): number | undefined {
  const [, wait] = /^young (\d+)/.exec(typeof result === 'string' ? result : '') ?? [];
  return wait === undefined ? undefined : Math.ceil(Number(wait) / 1000);
}
