import { fail } from '../core/errors.ts';
import { redisReplay, type SendCommand } from '../redis.ts';
import type { ReplayStore } from '../server/contracts.ts';
import type { Options, OptionValues } from './command.ts';
import { needed, refusePassword } from './database.ts';

/** Where nonces are, if not in the database. */
export const redisOptions = {
  redis: {
    type: 'text',
    value: 'URL',
    help: 'redis://… for nonces. Without it, COUNTERSIGN_REDIS_URL, or the database.',
  },
  'redis-prefix': { type: 'text', value: 'TEXT', help: "What its keys begin with. Without it, 'countersign:'." },
} as const satisfies Options;

export type RedisValues = OptionValues<typeof redisOptions>;

/** How long it may take to connect, in milliseconds. */
const patience = 5000;

/**
 * Opens the replay store in Redis, and closes it whatever happens; undefined where none is given.
 *
 * @throws SignatureError `invalid_configuration`, `replay_store_unavailable`, and what `use` throws.
 */
export async function withRedisReplay<Result>(
  given: RedisValues,
  use: (replay: ReplayStore | undefined) => Promise<Result>,
): Promise<Result> {
  if (urlOf(given) === '') return use(undefined);
  const { 'redis-prefix': prefix } = given;
  return withRedis(given, (send) => use(redisReplay({ send, ...(prefix !== undefined && { prefix }) })));
}

/**
 * Connects to Redis, and closes the connection whatever happens.
 *
 * @throws SignatureError as {@link withRedisReplay}
 */
export async function withRedis<Result>(
  given: RedisValues,
  use: (send: SendCommand) => Promise<Result>,
): Promise<Result> {
  refusePassword(given.redis, { option: '--redis', variable: 'COUNTERSIGN_REDIS_URL' });
  const url = urlOf(given) || fail('invalid_configuration', 'Which Redis? Give --redis, or COUNTERSIGN_REDIS_URL.');
  if (!/^rediss?:\/\//.test(url)) fail('invalid_configuration', 'The Redis must be redis://… or rediss://….');
  const { createClient } = await needed(() => import('redis'), { what: 'Redis', packages: 'redis' });
  // Who claims is told at once that the connection is lost; the client makes a new one by itself.
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: patience } });
  client.on('error', () => {});
  try {
    await connected(client);
    return await use((...words) => client.sendCommand(words));
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/** Gives up at the first error: later ones are for the client to mend. */
function connected(client: {
  connect(): Promise<unknown>;
  once(event: 'error', told: (cause: Error) => void): unknown;
}) {
  return new Promise<void>((resolve, reject) => {
    const unreachable = (cause: unknown) => {
      try {
        fail('replay_store_unavailable', 'The Redis cannot be reached.', 503, cause);
      } catch (error) {
        reject(error);
      }
    };
    client.once('error', unreachable);
    client.connect().then(() => resolve(), unreachable);
  });
}

const urlOf = ({ redis }: RedisValues): string => redis ?? process.env.COUNTERSIGN_REDIS_URL ?? '';
