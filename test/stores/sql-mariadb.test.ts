import { sqlKeys, sqlReplay } from 'countersign/sql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { sqlContract } from './sql-contract.ts';
import { sqlFaults } from './sql-faults.ts';
import { mariadb, type SqlServer, startMariadb } from './sql-servers.ts';
import { sqlTablesContract } from './sql-tables-contract.ts';
import { migrate, type World, worldOf } from './sql-world.ts';

describe.runIf(present(mariadb, '--version'))('MariaDB', () => {
  let server: SqlServer;
  beforeAll(async () => {
    server = await startMariadb();
  }, 60_000);
  afterAll(() => server?.close());

  sqlContract(() => server.url);

  describe('that is lost', () => {
    sqlFaults({
      server: () => server,
      lock: ['lock tables countersign_nonces write, countersign_keys write, countersign_revoked_sessions write'],
      unlock: 'unlock tables',
      waiting: `select id from information_schema.processlist where db = database() and state like 'Waiting for table%'`,
      kill: (id) => `kill ${id}`,
    });
  });

  describe('whose connections take a backslash for a character like any other', () => {
    const setMode = async (mode: string) => {
      const world = worldOf(server.url);
      await sql.raw(`set global sql_mode = ${mode}`).execute(world.open(server.url, 1));
      await world.close();
    };
    let world: World;
    beforeAll(async () => {
      await setMode(`concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')`);
      world = worldOf(server.url);
    });
    afterAll(async () => {
      await world?.close();
      await setMode('default');
    });
    sqlTablesContract(() => world);
  });

  it.each(['FOUND_ROWS', '-FOUND_ROWS'])('tells fresh from seen with the flag %s', async (flag) => {
    const world = worldOf(server.url);
    const url = await world.empty();
    await migrate(world.open(url));
    const { claim } = sqlReplay({ database: world.open(`${url}?flags=${flag}`) });
    expect(await claim('a', 'b', Date.now() + 100)).toBe('fresh');
    expect(await claim('a', 'b', Date.now() + 100)).toBe('seen');
    await expect.poll(() => claim('a', 'b', Date.now() + 100)).toBe('fresh');
    await world.close();
  });

  it('takes every letter where its own character set has few', async () => {
    const world = worldOf(server.url);
    const url = await world.empty();
    const database = world.open(url);
    await sql`alter database ${sql.id(url.replace(/.*\//, ''))} character set latin1`.execute(database);
    await migrate(database);
    const keys = sqlKeys({ database });
    const key = { accessKey: 'a', service: 'Größe 😀', environment: 'live', createdAt: 1, secrets: [], version: 1 };
    await keys.insert(key);
    expect(await keys.list({ service: 'Größe 😀' })).toEqual([key]);
    await world.close();
  });
});
