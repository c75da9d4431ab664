// docs/servers: each file as it is copied, with a real PostgreSQL and Redis, keys from the command line, and a stop while a call runs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createSigner, issueSession, signedFetch } from 'countersign';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { countersign, folder, searchPath } from '../cli/run.ts';
import { freePort } from '../stores/port.ts';
import { type RedisServer, startRedis } from '../stores/redis-server.ts';
import { postgres, type SqlServer, startPostgres } from '../stores/sql-servers.ts';
import { present } from '../vectors/present.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const root = new URL('../..', import.meta.url).pathname;
const here = present(postgres, '--version') && present('redis-server', '--version');

describe.runIf(here).each(['express', 'fastify', 'hono'])('docs/servers/%s.ts', (name) => {
  const files = folder();
  let database: SqlServer;
  let redis: RedisServer;
  let env: Record<string, string>;
  let child: ChildProcess;
  let origin: string;
  let credentials: { accessKey: string; secret: string };
  const printed: string[] = [];

  beforeAll(async () => {
    [database, redis] = await Promise.all([startPostgres(), startRedis()]);
    env = { COUNTERSIGN_DATABASE_URL: database.url, COUNTERSIGN_REDIS_URL: `redis://127.0.0.1:${redis.port}` };
    const run = async (...args: string[]) => {
      const { status, stderr } = await countersign(args, { env });
      expect([status, stderr]).toEqual([0, '']);
    };
    const [sealing, key] = ['sealing.key', 'key.json'].map((file) => join(files.path, file)) as [string, string];
    await run('migrate');
    await run('prepare-redis');
    await run('keys', 'sealing-key', '--name', '2026', '--out', sealing);
    env.COUNTERSIGN_SEALING_KEY = readFileSync(sealing, 'utf8').trim();
    const scopes = ['orders:read', 'orders:write', 'keys:rotate'].flatMap((scope) => ['--scope', scope]);
    await run('keys', 'create', '--service', 'shop', ...scopes, '--out', key);
    credentials = JSON.parse(readFileSync(key, 'utf8'));

    const port = String(await freePort());
    origin = `http://127.0.0.1:${port}`;
    child = spawn(process.execPath, ['--import', 'tsx', `docs/servers/${name}.ts`], {
      cwd: root,
      env: {
        ...searchPath,
        PORT: port,
        PUBLIC_ORIGIN: origin,
        DATABASE_URL: database.url,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        COUNTERSIGN_SEALING_KEY: env.COUNTERSIGN_SEALING_KEY ?? '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => printed.push(line));
    }
    await vi.waitFor(() => expect(printed.join('\n')).toMatch(/^Listening on /m), { timeout: 60_000, interval: 50 });
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await Promise.all([database?.close(), redis?.close()]);
    files.remove();
  });

  const fetchBy = (own: { accessKey: string; secret: string }) => signedFetch(createSigner(own));

  it('responds without a signature to nothing but its health check', async () => {
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    const refused = await fetch(`${origin}/v1/orders`);
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'missing_signature' }]);
  });

  it('serves signed calls, each once, within the budget of the key', async () => {
    const api = fetchBy(credentials);
    const read = await api(`${origin}/v1/orders`);
    expect([read.status, await read.json()]).toEqual([200, { orders: [], service: 'shop' }]);
    expect(read.headers.get('ratelimit-policy')).toContain('"key";q=300;w=60');
    const order = { article: 'A-1', note: 'Grüße' };
    const ordered = await api(`${origin}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    expect([ordered.status, await ordered.json()]).toEqual([201, { ordered: order }]);
    const request = await createSigner(credentials).sign(`${origin}/v1/orders`);
    expect((await fetch(request.clone())).status).toBe(200);
    expect((await (await fetch(request)).json()).code).toBe('replayed_request');
  });

  it('gives a key a new secret, and a session none', async () => {
    const rotate = (own: { accessKey: string; secret: string }) =>
      fetchBy(own)(`${origin}/v1/keys/rotate`, { method: 'POST' });
    const session = issueSession(credentials, { expiresIn: 60 });
    expect((await rotate({ accessKey: session.accessKey, secret: session.secret })).status).toBe(403);
    const response = await rotate(credentials);
    const { accessKey, secret, usableAfter } = await response.json();
    expect([response.status, response.headers.get('cache-control'), usableAfter]).toEqual([200, 'no-store', 5]);
    expect(secret).not.toBe(credentials.secret);
    await new Promise((resolve) => setTimeout(resolve, usableAfter * 1000));
    for (const own of [{ accessKey, secret }, credentials]) {
      expect((await fetchBy(own)(`${origin}/v1/orders`)).status).toBe(200);
    }
  });

  it('ends with what has begun, and with its audit written', async () => {
    const exited = once(child, 'exit');
    const last = fetchBy(credentials)(`${origin}/v1/orders`);
    expect((await last).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(printed.filter((line) => !line.startsWith('Listening'))).toEqual([]);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select outcome, code, count(*)::int from countersign_audit group by 1, 2');
    await client.end();
    const counts = Object.fromEntries(rows.map(({ outcome, code, count }) => [code ?? outcome, count]));
    expect(counts).toMatchObject({ accepted: 7, missing_signature: 1, replayed_request: 1 });
  });
});
