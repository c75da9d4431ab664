import { fail } from '../core/errors.ts';
import { redisReplay, type SendCommand } from '../redis.ts';
import type { ReplayStore } from '../server/contracts.ts';
import type { Options, OptionValues } from './command.ts';
import { needed, refusePassword } from './database.ts';

/** Options for the Redis that remembers nonces. */
export const redisOptions = {
  redis: {
    type: 'text',
    value: 'URL',
    help: 'redis://… for nonces. Default: COUNTERSIGN_REDIS_URL, otherwise the database.',
  },
  'redis-prefix': { type: 'text', value: 'TEXT', help: "The prefix of its keys. Default: 'countersign:'." },
} as const satisfies Options;

export type RedisValues = OptionValues<typeof redisOptions>;

/** The timeout of a connection, in milliseconds. */
const connectTimeout = 5000;

/**
 * Opens the replay store in Redis, and closes it in any case; undefined if no Redis is given.
 *
 * @throws SignatureError `invalid_configuration`, `replay_store_unavailable`, and errors of `use`.
 */
export async function withRedisReplay<Result>(
  given: RedisValues,
  use: (replay: ReplayStore | undefined) => Promise<Result>,
): Promise<Result> {
  if (!hasRedis(given)) return use(undefined);
  const { 'redis-prefix': prefix } = given;
  return withRedis(given, (send) => use(redisReplay({ send, ...(prefix !== undefined && { prefix }) })));
}

/**
 * Connects to Redis, and closes the connection in any case.
 *
 * @throws SignatureError as {@link withRedisReplay}
 */
export async function withRedis<Result>(
  given: RedisValues,
  use: (send: SendCommand) => Promise<Result>,
): Promise<Result> {
  refusePassword(given.redis, { option: '--redis', variable: 'COUNTERSIGN_REDIS_URL' });
  const url = urlOf(given) || fail('invalid_configuration', 'Redis is missing: give --redis or COUNTERSIGN_REDIS_URL.');
  if (!/^rediss?:\/\//.test(url)) fail('invalid_configuration', 'The URL of Redis must be redis://… or rediss://….');
  const { createClient } = await needed(() => import('redis'), { what: 'Redis', packages: 'redis' });
  // Without the offline queue, a claim fails at once while the connection is lost. The client reconnects by itself.
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout } });
  client.on('error', () => {});
  try {
    await connect(client);
    return await use((...words) => client.sendCommand(words));
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/** Connects, and fails with the first error. The client handles later errors itself. */
function connect(client: {
  connect(): Promise<unknown>;
  once(event: 'error', listener: (cause: Error) => void): unknown;
}) {
  return new Promise<void>((resolve, reject) => {
    const unreachable = (cause: unknown) => {
      try {
        fail('replay_store_unavailable', 'Redis cannot be reached.', 503, cause);
      } catch (error) {
        reject(error);
      }
    };
    client.once('error', unreachable);
    client.connect().then(() => resolve(), unreachable);
  });
}

/** True if a Redis is given. */
export const hasRedis = (given: RedisValues): boolean => urlOf(given) !== '';

const urlOf = ({ redis }: RedisValues): string => redis ?? process.env.COUNTERSIGN_REDIS_URL ?? '';
