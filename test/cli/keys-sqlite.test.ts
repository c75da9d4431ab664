import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { nodes } from '../package/nodes.ts';
import { keysContract } from './keys-contract.ts';
import { countersign, folder, sqliteHere, withSqlite } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });
const { path, remove } = folder();
afterAll(remove);

describe.runIf(sqliteHere())(`on SQLite, in ${withSqlite?.name}`, () => {
  keysContract(() => ({ empty: async () => join(path, randomUUID()), node: withSqlite?.path ?? '' }));

  it('makes a file that nobody else can read', async () => {
    const file = join(path, 'private.sqlite');
    const { status } = await countersign(['migrate', '--database', file], { node: withSqlite?.path ?? '' });
    expect([status, statSync(file).mode & 0o777]).toEqual([0, 0o600]);
  });

  it('shows what it would do, and makes no file', async () => {
    const file = join(path, 'none.sqlite');
    for (const flag of ['--list', '--dry-run']) {
      const args = ['migrate', flag, '--database', `sqlite:${file}`];
      expect((await countersign(args, { node: withSqlite?.path ?? '' })).stdout).toContain('countersign_0001_keys');
    }
    expect(existsSync(file)).toBe(false);
  });

  it('does not make a file of what is none', async () => {
    const args = ['keys', 'list', '--database', join(path, 'missing.sqlite')];
    const { status, stderr } = await countersign(args, { node: withSqlite?.path ?? '' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('countersign migrate')]);
  });

  it('tells a file that is no database, and a folder', async () => {
    for (const file of [import.meta.filename, path]) {
      const { status, stderr } = await countersign(['migrate', '--database', file], { node: withSqlite?.path ?? '' });
      expect(status, stderr).toBe(3);
      expect(stderr.split('\n')).toHaveLength(2);
    }
  });
});

const older = nodes.find(({ name, found }) => found && name.startsWith('Node 20'));

it.runIf(older)('in Node 20, which has no SQLite, says which Node has', async () => {
  const args = ['migrate', '--database', join(path, 'keys.sqlite')];
  const { status, stderr } = await countersign(args, { node: older?.path ?? '' });
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/^countersign: SQLite needs Node 22\.13 or later; this is 20\./),
  ]);
});
