import { sqlKeys, sqlReplay, sqlRevokedSessions } from 'countersign/sql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { sqlContract } from './sql-contract.ts';
import { sqlFaults } from './sql-faults.ts';
import { postgres, type SqlServer, startPostgres } from './sql-servers.ts';
import { migratorOf, worldOf } from './sql-world.ts';

describe.runIf(present(postgres, '--version'))('PostgreSQL', () => {
  let server: SqlServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.close());

  sqlContract(() => server.url);

  describe('that is lost', () => {
    sqlFaults({
      server: () => server,
      lock: [
        'begin',
        'lock table countersign_nonces, countersign_keys, countersign_revoked_sessions in access exclusive mode',
      ],
      unlock: 'rollback',
      waiting: `select pid as id from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      kill: (id) => `select pg_terminate_backend(${id})`,
    });
  });

  it('keeps the tables in another schema, where it is told so', async () => {
    const world = worldOf(server.url);
    const database = world.open(await world.empty());
    await sql`create schema "my Shop"`.execute(database);
    expect((await migratorOf(database, 'my Shop').migrateToLatest()).error).toBeUndefined();
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = 'my Shop' order by 1`.execute(database);
    expect(rows.map(({ name }) => name)).toEqual(
      ['audit', 'keys', 'nonces', 'revoked_sessions'].map((name) => `countersign_${name}`),
    );
    const { claim, prune } = sqlReplay({ database, schema: 'my Shop' });
    expect(await claim('a', 'b', Date.now() + 50)).toBe('fresh');
    expect(await claim('a', 'b', Date.now() + 50)).toBe('seen');
    await expect.poll(() => claim('a', 'b', Date.now() + 50)).toBe('fresh');
    expect(await prune()).toBe(0);
    const revokedSessions = sqlRevokedSessions({ database, schema: 'my Shop' });
    const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() };
    await revokedSessions.revoke({ accessKey: 'a', session });
    expect(await revokedSessions.has({ accessKey: 'a', id: session.id })).toBe(true);
    expect(await sqlKeys({ database, schema: 'my Shop' }).list({})).toEqual([]);
    for (let step = 0; step < 5; step++) {
      expect((await migratorOf(database, 'my Shop').migrateDown()).error).toBeUndefined();
    }
    await world.close();
  });
});
