import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createSigner } from 'countersign';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfSigned } from '../adapters/certificate.ts';
import { type Sent, sendHttp1 } from '../adapters/wire.ts';
import { type PythonBackend, startBackend } from '../gateway/backend.ts';
import { codeOf, jsonOf, signed } from '../gateway/calls.ts';
import { statusesIn, wireTo } from '../gateway/proxied.ts';
import { freePort } from '../stores/port.ts';
import { startRedis } from '../stores/redis-server.ts';
import { present } from '../vectors/present.ts';
import { bin, folder, searchPath, sqliteHere, withSqlite } from './run.ts';
import { type Issued, sealing, stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });
const { path, remove } = folder();
afterAll(remove);
const python = present('python3', '--version');
const redis = present('redis-server', '--version');

describe.runIf(sqliteHere() && python)('countersign gateway', () => {
  const stage = stageOn(() => ({ empty: async () => join(path, randomUUID()), node: withSqlite?.path ?? '' }));
  const running: ChildProcess[] = [];
  let backend: PythonBackend;
  let issued: Issued;
  beforeAll(async () => {
    backend = await startBackend();
    await stage.run('migrate');
    issued = await stage.created('--scope', 'orders:read');
  });
  afterAll(() => backend?.close());
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  type Started = {
    readonly origin: string;
    readonly output: { stdout: string; stderr: string };
    /** Sends a signal, and tells the exit status. */
    stop(signal?: NodeJS.Signals): Promise<number | null>;
    signal(name: NodeJS.Signals): void;
  };

  async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Started> {
    const child = spawn(withSqlite?.path ?? '', [bin, 'gateway', '--listen', '127.0.0.1:0', ...args], {
      cwd: stage.path,
      env: { ...searchPath, COUNTERSIGN_DATABASE_URL: stage.url(), COUNTERSIGN_SEALING_KEY: `one:${sealing}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    const gone = once(child, 'close').then(([status]) => status as number | null);
    const listening = /^(?:listening on |\{"listening":")(https?:\/\/[\d.]+:\d+)/;
    await expect.poll(() => listening.test(output.stdout) || child.exitCode !== null, { timeout: 20_000 }).toBe(true);
    return {
      origin: listening.exec(output.stdout)?.[1] ?? '',
      output,
      signal: (name) => void child.kill(name),
      stop(signal = 'SIGTERM') {
        child.kill(signal);
        return gone;
      },
    };
  }

  const parties = () => ({ signer: createSigner(issued) });
  const described = ({ method, target, headers }: Sent): Sent['headers'] => ({
    ...headers,
    'X-Original-Method': method,
    'X-Original-URI': target,
    'X-Original-Host': 'api.example.com',
    'X-Original-Proto': 'https',
    'X-Original-Address': '203.0.113.9',
  });

  it('passes requests on, remembers nonces in the database, and writes every attempt down', async () => {
    const { origin, output, stop } = await start(['--upstream', backend.origin]);
    const sent = signed(parties(), { method: 'POST', body: '{"sku":"A-1"}' });
    expect((await sendHttp1(origin, sent)).status).toBe(200);
    expect(await stop()).toBe(0);
    // Another process, with the same database.
    const again = await start(['--upstream', backend.origin]);
    expect(codeOf(await sendHttp1(again.origin, sent))).toBe('401 replayed_request');
    expect(await again.stop('SIGINT')).toBe(0);
    const events = `${output.stdout}${again.output.stdout}`.split('\n').filter((line) => line.startsWith('{'));
    expect(events.map((line) => JSON.parse(line))).toMatchObject([
      { outcome: 'accepted', service: 'shop' },
      { outcome: 'refused', code: 'replayed_request' },
    ]);
    expect(`${output.stdout}${output.stderr}`).not.toContain(issued.secret);
    expect(output.stderr).toBe('stopping\n');
  });

  it('serves the auth requests of a proxy', async () => {
    const { origin } = await start(['--dialect', 'nginx', '--scope', 'orders:read', '--audit', 'none']);
    const ask = (headers: Sent['headers']) => sendHttp1(origin, { method: 'GET', target: '/', headers });
    const sent = signed(parties());
    const answer = await ask(described(sent));
    expect([answer.status, answer.headers.get('x-countersign-service')]).toEqual([200, 'shop']);
    expect((await ask(described(sent))).headers.get('x-countersign-status')).toBe('401');
    const strange = await start(['--dialect', 'nginx', '--proxy', '192.0.2.1']);
    const refused = await sendHttp1(strange.origin, {
      method: 'GET',
      target: '/',
      headers: described(signed(parties())),
    });
    expect(refused.status).toBe(403);
    await expect.poll(() => strange.output.stderr).toMatch(/^\S+Z GET \/: untrusted_proxy: .+\n$/);
  });

  it('writes the audit to the database, and all of it before it ends', async () => {
    const { origin, stop, output } = await start(['--upstream', backend.origin, '--audit', 'database', '--json']);
    const nonces = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const sent = signed(parties());
        await sendHttp1(origin, sent);
        return sent.headers['X-API-Nonce'];
      }),
    );
    expect(await stop()).toBe(0);
    expect(output).toEqual({ stdout: `{"listening":"${origin}"}\n`, stderr: '{"stopping":true}\n' });
    const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? {};
    if (!DatabaseSync) return;
    const rows = new DatabaseSync(stage.url()).prepare('select nonce from countersign_audit').all();
    expect(rows.map(({ nonce }) => nonce)).toEqual(expect.arrayContaining(nonces));
  });

  it('ends what it has begun when it is told to stop, and lets nobody in meanwhile', async () => {
    const { origin, stop } = await start(['--upstream', backend.origin]);
    const slow = sendHttp1(origin, signed(parties(), { target: '/silence?seconds=1.5' }));
    // A connection that is kept must not keep the process.
    const kept = wireTo(origin);
    const { headers, target } = signed(parties());
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await kept.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    await expect.poll(() => statusesIn(kept.received())).toEqual(['200']);
    await expect
      .poll(async () => (await backend.seen()).some(({ target }) => target.startsWith('/silence')))
      .toBe(true);
    const status = stop();
    await kept.closed;
    await expect(sendHttp1(origin, signed(parties()))).rejects.toThrow();
    expect((await slow).status).toBe(200);
    expect(await status).toBe(0);
  });

  it.each([
    ['it takes too long', ['--grace', '1'], undefined],
    ['it is told twice', [], 'SIGTERM'],
  ] as const)('breaks off what it has begun when %s, and says so', async (_, args, signal) => {
    const started = await start(['--upstream', backend.origin, ...args]);
    const target = `/silence?seconds=30&by=${randomUUID()}`;
    const slow = sendHttp1(started.origin, signed(parties(), { target }));
    slow.catch(() => {});
    await expect.poll(async () => (await backend.seen()).some((one) => one.target === target)).toBe(true);
    const status = started.stop();
    if (signal) {
      await expect.poll(() => started.output.stderr).toContain('stopping');
      started.signal(signal);
    }
    await expect(slow).rejects.toThrow();
    expect(await status).toBe(1);
  });

  it('speaks TLS with a certificate', async () => {
    const { cert, key } = selfSigned();
    writeFileSync(join(stage.path, 'cert.pem'), cert);
    writeFileSync(join(stage.path, 'key.pem'), key, { mode: 0o600 });
    const tls = ['--tls-certificate', 'cert.pem', '--tls-key', 'key.pem'];
    const { origin } = await start(['--upstream', backend.origin, ...tls]);
    expect(origin).toMatch(/^https:/);
    const { method, target, headers } = signed(parties());
    const { hostname, port } = new URL(origin);
    const status = await new Promise((resolve, reject) => {
      const options = {
        hostname,
        port,
        method,
        path: target,
        headers: { ...headers },
        ca: cert,
        servername: 'localhost',
      };
      request(options as never, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it('believes where it is told that callers believe it to be', async () => {
    const { origin } = await start([
      '--upstream',
      backend.origin,
      '--origin',
      'https://api.example.com',
      '--public-path',
      '/v1',
    ]);
    const sent = signed(parties(), { target: '/v1/orders' });
    const answer = await sendHttp1(origin, {
      ...sent,
      target: '/orders',
      headers: { ...sent.headers, Host: '10.0.0.7' },
    });
    expect(jsonOf(answer)).toMatchObject({ target: '/orders' });
  });

  it('forwards unsigned headers that it is given, and no others', async () => {
    const { origin } = await start([
      '--upstream',
      backend.origin,
      '--pass-header',
      'Cookie',
      '--pass-header',
      'x-tenant',
    ]);
    const added = { Cookie: 'a=1', 'X-Tenant': 'acme', 'X-Admin': '1' };
    const nonce = `${Date.now()}`;
    await sendHttp1(origin, signed(parties(), { target: `/v1/passed?${nonce}`, added }));
    const seen = (await backend.seen()).find(({ target }) => target.endsWith(nonce));
    const names = seen?.headers.map(([name]) => name.toLowerCase()) ?? [];
    expect(names).toEqual(expect.arrayContaining(['cookie', 'x-tenant']));
    expect(names).not.toContain('x-admin');
  });

  it('reports a backend that is down, on standard error and without the query', async () => {
    const { origin, output } = await start(['--upstream', `http://127.0.0.1:${await freePort()}`, '--json']);
    expect(codeOf(await sendHttp1(origin, signed(parties(), { target: '/v1?token=hush' })))).toBe(
      '502 upstream_unavailable',
    );
    await expect.poll(() => output.stderr).toContain('ECONNREFUSED');
    expect(JSON.parse(output.stderr)).toMatchObject({
      fault: { method: 'GET', path: '/v1', code: 'upstream_unavailable' },
    });
    expect(output.stderr).not.toContain('hush');
  });

  it.each([{ args: [] }, { args: ['--json'] }])(
    'writes little of what a stranger sends to standard error, and no control characters: $args',
    async ({ args }) => {
      const { origin, output } = await start(['--upstream', backend.origin, ...args]);
      const socket = connect(Number(new URL(origin).port), '127.0.0.1');
      const head = `GET /${'a'.repeat(15_000)} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n`;
      socket.write(Buffer.from(head, 'latin1'));
      await expect.poll(() => output.stderr).toContain('\n');
      socket.destroy();
      expect(output.stderr).toMatch(/GET|"method"/);
      expect(output.stderr.length).toBeLessThan(600);
      expect(output.stderr).toMatch(/^[ -~]*\n$/);
    },
  );

  it('looks whether it could start, and does not', async () => {
    const { status, stdout } = await stage.run('gateway', '--check', '--upstream', backend.origin);
    expect([status, stdout]).toEqual([0, 'The gateway can start.\n']);
    const missing = await stage.runWith(
      { COUNTERSIGN_DATABASE_URL: join(path, 'none.sqlite') },
      ...['gateway', '--check', '--upstream', backend.origin],
    );
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('countersign migrate')]);
  });

  it.each<[args: string[], says: string]>([
    [[], 'Give --dialect'],
    [['--dialect', 'nginx', '--upstream', 'http://127.0.0.1:1'], 'Give --dialect'],
    [['--dialect', 'apache'], 'dialect must be one of'],
    [['--dialect', 'nginx', '--health', '/healthz'], '--health has no effect without --upstream'],
    [['--dialect', 'nginx', '--countersign'], '--countersign has no effect without --upstream'],
    [['--upstream', 'http://127.0.0.1:1', '--proxy', '10.0.0.0/8'], '--proxy has no effect without --dialect'],
    [['--upstream', 'http://127.0.0.1:1/api'], 'upstream must look like'],
    [['--upstream', 'http://127.0.0.1:1', '--max-body', '10M'], '--max-body must be a number of bytes'],
    [['--upstream', 'http://127.0.0.1:1', '--timeout', 'soon'], '--timeout'],
    [['--upstream', 'http://127.0.0.1:1', '--listen', 'localhost'], '--listen must look like'],
    [['--upstream', 'http://127.0.0.1:1', '--listen', '192.0.2.1:1'], 'Cannot listen on 192.0.2.1:1'],
    [['--upstream', 'http://127.0.0.1:1', '--audit', 'syslog'], '--audit must be'],
    [['--upstream', 'http://127.0.0.1:1', '--tls-key', 'key.pem'], 'must be given together'],
    [['--upstream', 'http://127.0.0.1:1', '--trusted-proxy', '10.0.0.1'], 'must be given together'],
    [['--upstream', 'http://127.0.0.1:1', '--accept-finding', 'anything'], 'has no such finding'],
    [['--dialect', 'nginx', '--scheme', 'standard-webhooks'], 'signs the bytes'],
    [['--upstream', 'http://127.0.0.1:1', '--redis', 'http://127.0.0.1'], 'redis://'],
    [['--upstream', 'http://127.0.0.1:1', '--redis', 'redis://:hush@127.0.0.1'], 'COUNTERSIGN_REDIS_URL'],
  ])('exits with 2 for %j, and says what is wrong in one line', async (args, says) => {
    const { status, stdout, stderr } = await stage.run('gateway', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toContain('hush');
  });

  it('exits with 3 where a store is out of reach', async () => {
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const { status, stderr } = await stage.run('gateway', '--upstream', backend.origin, '--redis', nowhere);
    expect([status, stderr]).toEqual([3, expect.stringContaining('Redis cannot be reached')]);
  });

  it.runIf(redis)('remembers nonces in Redis, once it is told that it is new', async () => {
    const server = await startRedis(['appendonly yes']);
    const url = `redis://127.0.0.1:${server.port}`;
    const env = { COUNTERSIGN_REDIS_URL: url };
    const first = await start(['--upstream', backend.origin], env);
    expect(codeOf(await sendHttp1(first.origin, signed(parties())))).toBe('503 replay_store_unavailable');
    expect(await first.stop()).toBe(0);
    await server.close();
    const fresh = await startRedis(['appendonly yes']);
    const prepared = await stage.run('prepare-redis', '--redis', `redis://127.0.0.1:${fresh.port}`);
    expect([prepared.status, prepared.stdout]).toEqual([0, 'Redis is ready to remember nonces.\n']);
    const args = ['--upstream', backend.origin, '--redis', `redis://127.0.0.1:${fresh.port}`];
    const [one, two] = [await start(args), await start(args)];
    const sent = signed(parties());
    expect((await sendHttp1(one.origin, sent)).status).toBe(200);
    expect(codeOf(await sendHttp1(two.origin, sent))).toBe('401 replayed_request');
    await fresh.kill();
    expect(codeOf(await sendHttp1(one.origin, signed(parties())))).toBe('503 replay_store_unavailable');
    await fresh.restart();
    await expect
      .poll(async () => (await sendHttp1(one.origin, signed(parties()))).status, { timeout: 20_000 })
      .toBe(200);
    expect(await one.stop()).toBe(0);
    await fresh.close();
  });
});
