import { randomBytes } from 'node:crypto';
import { generateCredentials } from 'countersign';
import { prepareRedisReplay, redisReplay } from 'countersign/redis';
import type { ReplayStore } from 'countersign/server';
import { sqlReplay } from 'countersign/sql';
import { type Kysely, sql } from 'kysely';
import { createClient } from 'redis';
import { startRedis } from '../stores/redis-server.ts';
import { type SqlServer, startMariadb, startPostgres } from '../stores/sql-servers.ts';
import { migrate, worldOf } from '../stores/sql-world.ts';
import { samplesOf } from './memory.ts';

/** What a nonce costs in a store. */
export type Size = {
  readonly name: string;
  readonly nonces: number;
  readonly bytesEach: number;
  readonly claimsPerSecond: number;
};

type Filled = Pick<Size, 'bytesEach' | 'claimsPerSecond'>;

/** A store on a real server of its own, which tells how much it holds. */
type Sized = { readonly replay: ReplayStore; bytes(): Promise<number>; close(): Promise<void> };

const stores: Readonly<Record<string, () => Promise<Sized>>> = {
  Redis: redis,
  PostgreSQL: async () =>
    database(await startPostgres(), (kysely) =>
      sql`select pg_total_relation_size('countersign_nonces') as n`.execute(kysely),
    ),
  MariaDB: async () =>
    database(await startMariadb(), (kysely) =>
      sql`select file_size as n from information_schema.innodb_sys_tablespaces
        where name = concat(database(), '/countersign_nonces')`.execute(kysely),
    ),
  SQLite: async () =>
    database(undefined, (kysely) =>
      sql`select page_count * page_size as n from pragma_page_count(), pragma_page_size()`.execute(kysely),
    ),
};

/** Claims so many nonces in each store, 32 at a time. */
export async function* sizes(folder: string, wanted: (name: string) => boolean, nonces: number): AsyncGenerator<Size> {
  if (wanted('memory')) yield { name: 'memory', nonces, ...(await filledMemory(folder, nonces)) };
  for (const [name, open] of Object.entries(stores)) {
    if (!wanted(name)) continue;
    const store = await open();
    try {
      yield { name, nonces, ...(await filled(store, nonces)) };
    } finally {
      await store.close();
    }
  }
}

async function filledMemory(folder: string, nonces: number): Promise<Filled> {
  const samples = await samplesOf(folder, 'filled', nonces);
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) throw new Error('Memory could not be measured.');
  return { bytesEach: (last.heap - first.heap) / nonces, claimsPerSecond: nonces / ((last.at - first.at) / 1000) };
}

async function filled({ replay, bytes }: Sized, nonces: number): Promise<Filled> {
  const { accessKey } = generateCredentials();
  const expiresAt = Date.now() + 3_600_000;
  const before = await bytes();
  let left = nonces;
  const claimer = async () => {
    while (left-- > 0) await replay.claim(accessKey, randomBytes(16).toString('base64url'), expiresAt);
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: 32 }, claimer));
  const seconds = (performance.now() - begun) / 1000;
  return { bytesEach: ((await bytes()) - before) / nonces, claimsPerSecond: nonces / seconds };
}

async function redis(): Promise<Sized> {
  const server = await startRedis();
  const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
  const send = (...command: string[]) => client.sendCommand<unknown>(command);
  await prepareRedisReplay(send);
  return {
    replay: redisReplay({ send }),
    bytes: async () => Number(/^used_memory:(\d+)/m.exec(String(await send('INFO', 'memory')))?.[1]),
    async close() {
      client.destroy();
      await server.close();
    },
  };
}

type Counted = { readonly rows: readonly unknown[] };

async function database(
  server: SqlServer | undefined,
  count: (kysely: Kysely<unknown>) => Promise<Counted>,
): Promise<Sized> {
  const world = worldOf(server?.url);
  const kysely = world.open(await world.empty(), 8);
  await migrate(kysely);
  return {
    replay: sqlReplay({ database: kysely }),
    bytes: async () => Number(((await count(kysely)).rows[0] as { readonly n?: unknown } | undefined)?.n),
    async close() {
      await world.close();
      await server?.close();
    },
  };
}
