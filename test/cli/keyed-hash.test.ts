import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { countersign, folder } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

const canary = 'canary-4f1c9b7e2a6d8035';
const env = { COUNTERSIGN_SECRET: canary };
const work = folder();
afterAll(() => work.remove());

const signing = ['https://hooks.example.com/lark', '-d', '{"event":1}', '--scheme', 'lark-webhooks'];
const at = ['--at', '2026-11-22T12:00:00Z', '--nonce', 'n0'];
const run = (args: readonly string[], input = '') => countersign(args, { env, cwd: work.path, input });

it('shows the string to sign with {secret} alone, in each format', async () => {
  for (const format of ['headers', 'curl', 'http', 'json']) {
    const { status, stdout, stderr } = await run(['sign', ...signing, ...at, '--format', format]);
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain(canary);
    if (format === 'json') expect(JSON.parse(stdout).stringToSign).toBe('1795348800n0{secret}{"event":1}');
  }
});

it.each([
  { of: 'with the secret in it', text: `1795348800n0${canary}{"event":1}`, says: 'is the expected one' },
  { of: 'with the place of the secret', text: '1795348800n0{secret}{"event":1}', says: 'is the expected one' },
  { of: 'with the secret at another place', text: `${canary}1795348800n0{"event":1}`, says: '{secret}1795348800n0' },
  { of: 'with another secret', text: '1795348800n0another-secret-of-mine{"event":1}', says: 'it is not shown' },
])('compares the string to sign of a caller $of', async ({ text, says }) => {
  writeFileSync(join(work.path, 'mine.txt'), text);
  const message = (await run(['sign', ...signing, ...at, '--format', 'http'])).stdout;
  for (const format of [[], ['--json']]) {
    const judged = ['explain', '--scheme', 'lark-webhooks', '--at', '2026-11-22T12:00:00Z', ...format];
    const { stdout, stderr } = await run([...judged, '--string-to-sign', 'mine.txt'], message);
    expect(stdout + stderr).not.toContain(canary);
    expect(stdout + stderr).not.toContain('another-secret');
    if (!format.length) expect(stdout).toContain(says);
  }
});

it('lists the scheme among those that are ready', async () => {
  expect((await run(['explain', '--help'])).stdout).toContain('lark-webhooks');
});
