import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from './stores/port.ts';

// Each test starts npm, which starts tsx, which starts Node: that takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = new URL('..', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'countersign-start-'));
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) await interrupt(child);
  rmSync(directory, { recursive: true, force: true });
});

async function demo(...flags: string[]): Promise<{ status: number | null; lines: string[] }> {
  const child = spawn('npm', ['run', '--silent', 'demo', '--', ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  await closed;
  // Single spaces, so that only what is in the columns counts.
  return { status: child.exitCode, lines: output.split('\n').map((line) => line.replace(/ +/g, ' ')) };
}

it('prints what came of each call, and exits with 0 where all went as expected', async () => {
  const { status, lines } = await demo();
  expect(lines).toEqual(
    expect.arrayContaining([
      'ok GET with ky 200 200 hello shop',
      'ok POST of JSON with ky 201 201 2 of A-1 ordered',
      'ok FormData upload with ky 201 201 photo.png stored, 70000 bytes, "Grüße"',
      'ok streamed download with ky 200 200 20000 lines, in many pieces',
      'ok POST with signedFetch 201 201 1 of B-2 ordered',
      'ok no signature 401 missing_signature 401 missing_signature missing_signature',
      'ok changed body 401 body_digest_mismatch 401 body_digest_mismatch body_digest_mismatch',
      'ok changed body, with its digest 401 invalid_signature 401 invalid_signature signature_mismatch',
      'ok changed query 401 invalid_signature 401 invalid_signature signature_mismatch',
      'ok replayed request 401 replayed_request 401 replayed_request replayed_request',
      'ok stale timestamp, 10 minutes old 401 stale_timestamp 401 stale_timestamp stale_timestamp',
      'ok unknown key 401 invalid_signature 401 invalid_signature unknown_key',
      'ok revoked key 401 revoked_key 401 revoked_key revoked_key',
      'ok a key from before 200 200 accepted',
      'ok a key revoked before 401 revoked_key 401 revoked_key revoked_key',
      'ok a request from before, replayed 401 replayed_request 401 replayed_request replayed_request',
      'All 16 calls went as expected.',
    ]),
  );
  expect(lines.filter((line) => line.startsWith('WRONG'))).toEqual([]);
  expect(lines.join('\n')).not.toContain('csign_sk_');
  expect(status).toBe(0);
  const file = /in (\S+demo\.sqlite)$/.exec(lines[0] ?? '')?.[1] ?? '';
  expect([file === '', existsSync(file)], 'the file is removed').toEqual([false, false]);
});

it('exits with 1, and says which, when a server accepts what must be refused', async () => {
  const { status, lines } = await demo('--tolerance', '3600');
  expect(lines.filter((line) => line.startsWith('WRONG'))).toEqual([
    'WRONG stale timestamp, 10 minutes old 401 stale_timestamp 200 accepted (not stale_timestamp)',
  ]);
  expect(lines).toContain('1 of 16 calls did not go as expected.');
  expect(status).toBe(1);
});

type Started = { readonly child: ChildProcess; command(): Promise<string>; readonly output: () => string };

function start(): Started {
  const flags = ['start', '--silent', '--', '--file', join(directory, 'demo.sqlite')];
  // A group of its own, to be interrupted whole, as a terminal does.
  const child = spawn('npm', flags, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  running.add(child);
  let output = '';
  let commands = 0;
  child.stdout.on('data', (text) => {
    output += text;
  });
  return {
    child,
    output: () => output,
    async command() {
      await expect.poll(() => printed(output)[commands], { timeout: 30_000 }).toBeDefined();
      return printed(output)[commands++] ?? '';
    },
  };
}

const printed = (output: string): string[] => output.match(/^curl .*(?=\n)/gm) ?? [];

async function interrupt(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  process.kill(-child.pid, 'SIGINT');
  await closed;
}

it('builds and serves the example, until it is interrupted', async () => {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const child = spawn('npm', ['run', '--silent', 'example'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env,
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  await expect.poll(() => output, { timeout: 50_000 }).toContain(`The page is at http://127.0.0.1:${port}`);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script type="module"')]);
  expect((await fetch(`http://127.0.0.1:${port + 1}/orders`)).status).toBe(401);
  await interrupt(child);
  expect(output).toContain('refused missing_signature GET /orders\n');
});

const noCurl = spawnSync('curl', ['--version']).status !== 0;
if (noCurl) console.warn('SKIPPED: curl is not installed, so the command that npm start prints was not run.');

it.skipIf(noCurl && !process.env.CI)(
  'prints a curl command that works once, and runs on until it is interrupted',
  async () => {
    const first = start();
    const command = await first.command();
    expect(await run(command)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n\{"service":"shop"\}$/s);
    expect(await run(command)).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n.*"code":"replayed_request"\}$/s);
    first.child.stdin?.write('\n');
    const another = await first.command();
    expect(another).not.toBe(command);
    expect(await run(another.replace('/profile', '/export'))).toContain('401 Unauthorized');
    expect(await run(another)).toContain('200 OK');
    expect(first.output()).toContain('refused replayed_request GET /profile by shop\n');
    await interrupt(first.child);
    expect(first.output()).toMatch(/Stopped\.\n$/);
    expect(first.output()).not.toContain('csign_sk_');
    const stored = readFileSync(join(directory, 'demo.sqlite'), 'latin1');
    expect([stored.includes(accessKeyIn(command) ?? ''), stored.includes('csign_sk_')]).toEqual([true, false]);

    const second = start();
    expect(accessKeyIn(await second.command()), 'the key is still there').toBe(accessKeyIn(command));
  },
);

const accessKeyIn = (command: string): string | undefined => /X-API-Key: (\S+)"/.exec(command)?.[1];

async function run(command: string): Promise<string> {
  const env = { ...process.env, no_proxy: '127.0.0.1' };
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { env });
  return stdout;
}
