import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sqlKeys, sqlReplay, sqlRevokedSessions } from 'countersign/sql';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyTableContract } from './key-contract.ts';
import { keyDeletionContract } from './key-deletion-contract.ts';
import { replayContract } from './replay-contract.ts';
import { revokedSessionsContract } from './revoked-sessions-contract.ts';
import { sqlTablesContract } from './sql-tables-contract.ts';
import { migrate, type World, worldOf } from './sql-world.ts';

/** What every database must do. @param server its URL, known when the tests run; undefined for SQLite. */
export function sqlContract(server: () => string | undefined): void {
  let world: World;
  let url: string;
  let databases: readonly Kysely<unknown>[];
  beforeAll(async () => {
    world = worldOf(server());
    url = await world.empty();
    databases = [world.open(url), world.open(url), world.open(url)];
    await migrate(world.open(url));
  }, 60_000);
  afterAll(() => world?.close());

  let turn = 0;
  /** Another server's connections, as far as there are. */
  const another = (): Kysely<unknown> => databases[turn++ % databases.length] ?? world.open(url);

  describe('sqlReplay', () => {
    replayContract(() => ({
      store: (clock) => sqlReplay({ database: another(), timeout: 15_000, ...(clock && { clock }) }),
    }));

    it('gives one of a thousand claims of four processes', { timeout: 60_000 }, async () => {
      const run = promisify(execFile);
      const command = ['--import', 'tsx', new URL('sql-claimer.ts', import.meta.url).pathname];
      const outputs = await Promise.all(
        [1, 2, 3, 4].map(() => run(process.execPath, [...command, url, 'the-one-nonce-of-all', '250'])),
      );
      const counts = outputs.map(({ stdout }) => stdout.trim().split(' ').map(Number));
      expect(counts.map(([, asked]) => asked)).toEqual([250, 250, 250, 250]);
      expect(counts.reduce((sum, [fresh = 0]) => sum + fresh, 0)).toBe(1);
    });
  });

  describe('sqlRevokedSessions', () => {
    revokedSessionsContract(() => sqlRevokedSessions({ database: another(), timeout: 15_000 }));
  });

  describe('sqlKeys', () => {
    keyTableContract(() => sqlKeys({ database: another() }));
    keyDeletionContract(() => sqlKeys({ database: another() }));
  });

  describe('the tables', () => {
    sqlTablesContract(() => world);
  });
}
