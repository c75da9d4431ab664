import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mariadb, postgres, type SqlServer, startMariadb, startPostgres } from '../stores/sql-servers.ts';
import { type World, worldOf } from '../stores/sql-world.ts';
import { present } from '../vectors/present.ts';
import { keysContract, keysInShort } from './keys-contract.ts';
import { bin, countersign, folder, searchPath } from './run.ts';
import { sealing } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.each([
  { name: 'PostgreSQL', here: present(postgres, '--version'), start: startPostgres },
  { name: 'MariaDB', here: present(mariadb, '--version'), start: startMariadb },
])('on $name', ({ name, here, start }) => {
  if (!here) return it('is tested where it is installed', ({ skip }) => skip());
  let server: SqlServer;
  let world: World;
  beforeAll(async () => {
    server = await start();
    world = worldOf(server.url);
  });
  afterAll(async () => {
    await world?.close();
    await server?.close();
  });

  const place = () => ({ empty: () => world.empty(), node: process.execPath });
  // What differs between the two is below this program, and held to its own contract: so once through is enough there.
  if (name === 'PostgreSQL') keysContract(place);
  else keysInShort(place);

  // In MySQL a schema is a database.
  if (name === 'PostgreSQL') {
    it('keeps the tables in another schema, where it is told so', async () => {
      const url = await world.empty();
      const run = (...args: string[]) =>
        countersign([...args, '--schema', 'partners', '--json'], { env: { COUNTERSIGN_DATABASE_URL: url } });
      expect(JSON.parse((await run('migrate')).stdout)).toMatchObject({ done: { length: 5 } });
      expect(JSON.parse((await run('keys', 'list')).stdout)).toEqual({ keys: [] });
    });
  }

  it('that is not there, tells so and exits with 3', async () => {
    const gone = server.url.replace(/:\d+\//, ':1/');
    for (const args of [['keys', 'list'], ['migrate'], ['migrate', '--list']]) {
      const { status, stdout, stderr } = await countersign(args, { env: { COUNTERSIGN_DATABASE_URL: gone } });
      expect([status, stdout]).toEqual([3, '']);
      expect(stderr).toMatch(/^countersign: The database (?:cannot be reached|gives no answer).*\n$/);
    }
  });

  it('ends a key whose secret could not be written, and leaves no file', async () => {
    const url = await world.empty();
    const env = { COUNTERSIGN_DATABASE_URL: url, COUNTERSIGN_SEALING_KEY: `one:${sealing}` };
    await countersign(['migrate'], { env });
    const { path, remove } = folder();
    // No file may grow: what the database has is written by its own process.
    const command = `ulimit -f 0; exec '${process.execPath}' '${bin}' keys create --service shop --out shop.json`;
    const options = { cwd: path, env: { ...searchPath, ...env } };
    const failed = await promisify(execFile)('sh', ['-c', command], options).then(
      () => expect.fail('was written'),
      (error: { code: number; stderr: string }) => error,
    );
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('shop.json cannot be written')]);
    expect(readdirSync(path)).toEqual([]);
    remove();
    const { stdout } = await countersign(['keys', 'list', '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ keys: [{ service: 'shop', state: 'revoked' }] });
  });

  it('never repeats the password of a URL', async () => {
    const url = server.url.replace(/@.*/, ':hunter2@127.0.0.1:1/x');
    const told = await countersign(['keys', 'list', '--json'], { env: { COUNTERSIGN_DATABASE_URL: url } });
    const refused = await countersign(['keys', 'list', '--database', url]);
    expect([told.status, refused.status]).toEqual([3, 2]);
    expect(JSON.stringify([told, refused])).not.toContain('hunter2');
    expect(refused.stderr).toContain('COUNTERSIGN_DATABASE_URL');
  });
});
