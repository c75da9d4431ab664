import { prepareRedisReplay, redisReplay } from 'countersign/redis';
import type { ReplayStore } from 'countersign/server';
import { sqlReplay } from 'countersign/sql';
import { sql } from 'kysely';
import { createClient } from 'redis';
import { startRedis } from '../stores/redis-server.ts';
import { type SqlServer, startMariadb, startPostgres } from '../stores/sql-servers.ts';
import { migrate, worldOf } from '../stores/sql-world.ts';

/** A replay store on a real server of its own, something that happens to it, and how it ends. */
export type FaultyStore = {
  readonly replay: ReplayStore;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** How many nonces it remembers. */
  claims(): Promise<number>;
  close(): Promise<void>;
};

/** As {@link FaultyStore} says, by what happens. */
export const faultyStores = {
  'Redis is killed': () => redis('kill'),
  'Redis hangs': () => redis('freeze'),
  'PostgreSQL is killed': async () => database(await startPostgres()),
  'MariaDB is killed': async () => database(await startMariadb()),
} satisfies Record<string, () => Promise<FaultyStore>>;

async function redis(fault: 'kill' | 'freeze'): Promise<FaultyStore> {
  const server = await startRedis(['appendonly yes']);
  const client = createClient({
    url: `redis://127.0.0.1:${server.port}`,
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
  });
  await client.on('error', () => {}).connect();
  const send = (...command: string[]) => client.sendCommand<unknown>(command);
  await prepareRedisReplay(send);
  return {
    replay: redisReplay({ send, timeout: 300 }),
    begin: async () => server[fault](),
    end: async () => (fault === 'kill' ? server.restart() : server.thaw()),
    async claims() {
      const names = new Set<string>();
      for await (const some of client.scanIterator({ MATCH: '*:nonce:*', COUNT: 1000 })) {
        for (const name of some) names.add(name);
      }
      return names.size;
    },
    async close() {
      client.destroy();
      await server.close();
    },
  };
}

async function database(server: SqlServer): Promise<FaultyStore> {
  const world = worldOf(server.url);
  const kysely = world.open(await world.empty(), 8);
  await migrate(kysely);
  return {
    replay: sqlReplay({ database: kysely, timeout: 2000 }),
    begin: server.kill,
    end: server.restart,
    async claims() {
      const { rows } = await sql<{ n: unknown }>`select count(*) as n from countersign_nonces`.execute(kysely);
      return Number(rows[0]?.n);
    },
    async close() {
      await world.close();
      await server.close();
    },
  };
}
