import { Redis } from 'ioredis';
import pg from 'pg';
import {
  type IRateLimiterOptions,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
} from 'rate-limiter-flexible';
import { startRedis } from '../stores/redis-server.ts';
import { present } from '../vectors/present.ts';

/** A kind of limiter of rate-limiter-flexible, and where it counts. */
export type LimiterKind = {
  readonly name: string;
  /** Whether it can be tested here. */
  readonly here: boolean;
  start(): Promise<Limiters>;
};

type Limiters = {
  limiter(options: IRateLimiterOptions): Promise<RateLimiterMemory | RateLimiterRedis | RateLimiterPostgres>;
  /** Takes the store away for good; undefined where it cannot fail. */
  readonly kill: (() => Promise<void>) | undefined;
  /** Has the store answer nothing until the function that comes back is called; undefined where it cannot hang. */
  readonly hang: (() => Promise<() => Promise<void>>) | undefined;
  close(): Promise<void>;
};

const database = { host: '127.0.0.1', user: 'postgres', database: 'test', connectionTimeoutMillis: 2000 };

async function reachable(): Promise<boolean> {
  const client = new pg.Client(database);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (cause) {
    if (process.env.CI) throw new Error('PostgreSQL is missing.', { cause });
    console.warn('SKIPPED: PostgreSQL is missing, so limiters in it have not been tested.');
    return false;
  }
}

let names = 0;
const prefix = (): string => `limit_${process.pid}_${Date.now()}_${names++}`;

export const limiterKinds: readonly LimiterKind[] = [
  {
    name: 'memory',
    here: true,
    start: async () => ({
      limiter: async (options) => new RateLimiterMemory(options),
      kill: undefined,
      hang: undefined,
      close: async () => undefined,
    }),
  },
  {
    name: 'Redis',
    here: present('redis-server', '--version'),
    async start() {
      const server = await startRedis();
      const storeClient = new Redis({
        port: server.port,
        host: '127.0.0.1',
        enableOfflineQueue: false,
        lazyConnect: true,
      });
      // Told by each command as well.
      storeClient.on('error', () => undefined);
      await storeClient.connect();
      return {
        limiter: async (options) => new RateLimiterRedis({ ...options, storeClient, keyPrefix: prefix() }),
        kill: () => server.kill(),
        async hang() {
          server.freeze();
          return async () => server.thaw();
        },
        async close() {
          storeClient.disconnect();
          await server.close();
        },
      };
    },
  },
  {
    name: 'PostgreSQL',
    here: await reachable(),
    async start() {
      const storeClient = new pg.Pool(database);
      const tables: string[] = [];
      let ended = false;
      const end = async () => {
        if (!ended) await storeClient.end();
        ended = true;
      };
      return {
        limiter(options) {
          const tableName = prefix();
          tables.push(tableName);
          return new Promise((resolve, reject) => {
            const limiter = new RateLimiterPostgres(
              { ...options, storeClient, tableName, keyPrefix: 'test', clearExpiredByTimeout: false },
              (error) => (error ? reject(error) : resolve(limiter)),
            );
          });
        },
        kill: end,
        async hang() {
          const holder = new pg.Client(database);
          await holder.connect();
          await holder.query('BEGIN');
          for (const table of tables) await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
          return async () => holder.end().catch(() => {});
        },
        async close() {
          await end();
          const client = new pg.Client(database);
          await client.connect();
          for (const table of tables) await client.query(`DROP TABLE IF EXISTS ${table}`);
          await client.end();
        },
      };
    },
  },
];
