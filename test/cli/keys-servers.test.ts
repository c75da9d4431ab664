import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../stores/sql-connect.ts';
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

  /** A database with its tables, a folder to work in, and the program run by `sh`, such as with a limit on the size of files. */
  async function limited() {
    const url = await world.empty();
    const env = { COUNTERSIGN_DATABASE_URL: url, COUNTERSIGN_SEALING_KEY: `one:${sealing}` };
    await countersign(['migrate'], { env });
    const { path, remove } = folder();
    onTestFinished(remove);
    const json = async (...args: string[]) => JSON.parse((await countersign([...args, '--json'], { env })).stdout);
    const start = (prefix: string, args: string) =>
      spawn('sh', ['-c', `${prefix} '${process.execPath}' '${bin}' ${args}`], {
        cwd: path,
        env: { ...searchPath, ...env },
      });
    const run = async (prefix: string, args: string) => {
      const child = start(prefix, args);
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const [status] = await once(child, 'close');
      return { status, stderr };
    };
    return { url, path, json, start, run };
  }

  // No file may grow beyond this. What the database has is written by its own process.
  const limits = ['ulimit -f 0; exec', ...(process.platform === 'linux' ? ['exec prlimit --fsize=60'] : [])];

  it.each(limits)('makes no secret that cannot be written whole, and leaves no file: %s', async (prefix) => {
    const { path, json, run } = await limited();
    const { status, stderr } = await run(prefix, 'keys create --service shop --out shop.json');
    expect([status, stderr]).toEqual([2, expect.stringContaining('shop.json cannot be written')]);
    expect(readdirSync(path)).toEqual([]);
    expect(await json('keys', 'list')).toEqual({ keys: [] });
    const sealed = await run(prefix, 'keys sealing-key --name a-name-that-is-not-short-at-all --out sealing.key');
    expect([sealed.status, readdirSync(path)]).toEqual([2, []]);
  });

  it.each(limits)('leaves the secrets of a key as they are where the new one cannot be written: %s', async (prefix) => {
    const { path, json, run } = await limited();
    const { accessKey } = await json('keys', 'create', '--service', 'shop', '--print-secret');
    const before = await json('keys', 'show', accessKey);
    const { status, stderr } = await run(prefix, `keys rotate ${accessKey} --overlap 0 --out shop.json`);
    expect([status, stderr]).toEqual([2, expect.stringContaining('shop.json cannot be written')]);
    expect(readdirSync(path)).toEqual([]);
    expect(await json('keys', 'show', accessKey)).toEqual(before);
  });

  if (name === 'PostgreSQL') {
    it('has written a secret before it is stored, so that none is lost where the program is interrupted', async () => {
      const { url, path, json, start } = await limited();
      const database = connect(url);
      onTestFinished(() => database.destroy());
      await database.transaction().execute(async (transaction) => {
        // The program waits for the table.
        await sql`lock table countersign_keys in exclusive mode`.execute(transaction);
        const child = start('exec', 'keys create --service shop --out shop.json');
        const ended = once(child, 'close');
        await vi.waitFor(() => expect(readFileSync(join(path, 'shop.json'), 'utf8')).toMatch(/\}\n$/), 20_000);
        child.kill('SIGINT');
        await ended;
      });
      const { accessKey, secret } = JSON.parse(readFileSync(join(path, 'shop.json'), 'utf8'));
      expect(secret).toMatch(/^csign_sk_live_/);
      const { keys } = await json('keys', 'list');
      for (const key of keys) expect(key.accessKey).toBe(accessKey);
    });

    it('keeps the file where it cannot be known whether the secret was stored, and says so', async () => {
      const { url, path, start } = await limited();
      const database = connect(url);
      onTestFinished(() => database.destroy());
      let stderr = '';
      await database.transaction().execute(async (transaction) => {
        await sql`lock table countersign_keys in exclusive mode`.execute(transaction);
        const child = start('exec', 'keys create --service shop --out shop.json');
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        const ended = once(child, 'close');
        await vi.waitFor(() => expect(readFileSync(join(path, 'shop.json'), 'utf8')).toMatch(/\}\n$/), 20_000);
        await vi.waitFor(async () => {
          const { rows } = await sql<{ ended: boolean }>`select pg_terminate_backend(pid) as ended from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`.execute(transaction);
          expect(rows).toHaveLength(1);
        }, 20_000);
        expect(await ended).toEqual([3, null]);
      });
      expect(stderr).toMatch(/shop\.json.*countersign keys show/s);
      expect(JSON.parse(readFileSync(join(path, 'shop.json'), 'utf8'))).toMatchObject({ id: expect.any(String) });
    });
  }

  it('never repeats the password of a URL', async () => {
    const url = server.url.replace(/@.*/, ':hunter2@127.0.0.1:1/x');
    const told = await countersign(['keys', 'list', '--json'], { env: { COUNTERSIGN_DATABASE_URL: url } });
    const refused = await countersign(['keys', 'list', '--database', url]);
    expect([told.status, refused.status]).toEqual([3, 2]);
    expect(JSON.stringify([told, refused])).not.toContain('hunter2');
    expect(refused.stderr).toContain('COUNTERSIGN_DATABASE_URL');
  });
});
