import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseEnv } from 'node:util';
import { expect, it, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { commands } from '../../src/cli/commands.ts';
import { bin, countersign, searchPath } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

it('tells its version', async () => {
  const version = { status: 0, stdout: `${manifest.version}\n`, stderr: '' };
  expect(await countersign(['--version'])).toEqual(version);
});

it('explains itself, and every command with an example', async () => {
  const whole = await countersign(['--help']);
  expect([whole.status, whole.stderr]).toEqual([0, '']);
  for (const { name, summary, options } of commands) {
    expect(whole.stdout).toContain(`  ${name} `);
    const { status, stdout, stderr } = await countersign([...name.split(' '), '--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.startsWith(`${summary}\n`)).toBe(true);
    expect(stdout).toMatch(new RegExp(`\nExamples?:\n  countersign ${name}\\b`));
    for (const option of [...Object.keys(options), 'json', 'help']) expect(stdout).toContain(`--${option}`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length)), name).toBeLessThanOrEqual(120);
  }
  expect(whole.stdout).toContain('\nDocumentation:\n  countersign/docs/');
  expect(await countersign(['help', 'keys', 'create'])).toEqual(await countersign(['keys', 'create', '-h']));
  expect((await countersign(['keys', '--help'])).stdout).toContain('keys rotate');
});

it.each<[args: string[], says: string]>([
  [['sing'], 'There is no such command. Did you mean sign? See: countersign --help'],
  [['bogus'], 'There is no such command. See: countersign --help'],
  [['key', 'create'], 'Did you mean keys create? See'],
  [['keys'], 'keys needs one of'],
  [['keys', 'crate'], 'reseal. Did you mean keys create? See'],
  [
    ['keys', 'create', '--servce', 'shop'],
    "Unknown option '--servce'. Did you mean --service? See: countersign keys create --help",
  ],
  [['keys', 'rotate', 'key', '--no-overlap'], "Unknown option '--no-overlap'"],
  [['keys', 'rotate', 'key', '--overlap', '--json'], "'--overlap"],
  [['keys', 'rotate', 'key', '--overlap', '1', '--overlap', '0'], '--overlap is given twice'],
  [['keys', 'rotate', '--overlap', '0'], 'ACCESS_KEY is missing'],
  [['keys', 'list', '--json=yes'], "'--json"],
  [['keys', 'list'], 'COUNTERSIGN_DATABASE_URL'],
  [['keys', 'list', '--database', 'mongodb://127.0.0.1/'], 'not mongodb://'],
  [['keys', 'list', '--limit', '0', '--database', import.meta.filename], '--limit must be 1 to 10000'],
])('exits with 2 for %j, and says what is wrong in one line', async (args, says) => {
  const { status, stdout, stderr } = await countersign(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(says);
  expect(stderr).toMatch(/^[^\n]+\n$/);
});

it('exits with 2 where it is told nothing', async () => {
  const { status, stdout, stderr } = await countersign([]);
  expect([status, stdout, stderr]).toEqual([2, '', (await countersign(['--help'])).stdout]);
});

it.each(['soon', '2026-11-22T12:00', '1795348800000', '22.11.2026', '+1w', '-1', ''])(
  'takes %j for no time',
  async (time) => {
    const env = { COUNTERSIGN_SEALING_KEY: `one:${Buffer.alloc(32).toString('base64')}` };
    const { status, stderr } = await countersign(['keys', 'create', '--service', 'shop', `--expires=${time}`], { env });
    expect([status, stderr]).toEqual([2, expect.stringContaining('--expires')]);
  },
);

it('takes no secret as an argument, and repeats none that is given so', async () => {
  const named = commands
    .flatMap(({ options }) => Object.keys(options))
    .filter((name) => /secret|sealing|master/.test(name));
  expect(named.filter((name) => !/-file$|-encoding$|^print-secret$/.test(name))).toEqual([]);
  const secret = 'csign_sk_live_0123456789';
  for (const args of [[`--secret=${secret}`], ['--secret', secret], ['--password', secret]]) {
    const { status, stderr } = await countersign(['keys', 'create', ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Never pass a secret as an argument')]);
    expect(stderr).not.toContain(secret);
  }
  for (const args of [['keys', 'list', secret], ['keys', secret], [secret], ['keys', 'list', `--limit=${secret}`]]) {
    const { status, stderr } = await countersign(args, { env: { COUNTERSIGN_DATABASE_URL: import.meta.filename } });
    expect(status).toBe(2);
    expect(stderr).not.toContain(secret);
  }
});

it('prints a new pair as lines of a .env file, also into a pipe, without a database', async () => {
  const { status, stdout, stderr } = await countersign(['credentials', '--environment', 'test']);
  expect([status, stderr]).toEqual([0, '']);
  const { COUNTERSIGN_ACCESS_KEY: accessKey = '', COUNTERSIGN_SECRET: secret = '', ...more } = parseEnv(stdout);
  expect([more, stdout.split('\n').length]).toEqual([{}, 3]);
  expect([accessKey, secret]).toEqual([
    expect.stringMatching(/^csign_ak_test_/),
    expect.stringMatching(/^csign_sk_test_/),
  ]);
  // Signing checks the checksums of both.
  const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret };
  expect((await countersign(['sign', 'https://api.example.com/'], { env })).stdout).toContain(
    `X-API-Key: ${accessKey}`,
  );
});

it('prints a new pair as JSON, a new one every time', async () => {
  const made = await Promise.all([1, 2].map(() => countersign(['credentials', '--json'])));
  const pairs = made.map(({ stdout }) => JSON.parse(stdout) as Record<string, string>);
  expect(Object.keys(pairs[0] ?? {})).toEqual(['accessKey', 'secret']);
  expect(new Set(pairs.flatMap(Object.values)).size).toBe(4);
  const { status, stderr } = await countersign(['credentials', '--environment', 'Pro duction']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('lower-case')]);
});

it.each(['one', 'one:short', 'one:%%%', ':AAAA', `one:${'A'.repeat(43)},one:${'B'.repeat(43)}`])(
  'refuses the sealing key %j, and does not repeat it',
  async (key) => {
    const env = { COUNTERSIGN_SEALING_KEY: key };
    const { status, stderr } = await countersign(['keys', 'create', '--service', 'shop', '--print-secret'], { env });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/sealing key/i)]);
    expect(stderr).not.toContain(key);
  },
);

it('makes a sealing key of 32 random bytes', async () => {
  const { stdout } = await countersign(['keys', 'sealing-key', '--print-secret', '--name', 'two', '--json']);
  const { name, key } = JSON.parse(stdout) as { name: string; key: string };
  expect([name, Buffer.from(key.replace('two:', ''), 'base64url').length]).toEqual(['two', 32]);
  expect((await countersign(['keys', 'sealing-key'])).status).toBe(2);
  expect((await countersign(['keys', 'sealing-key', '--name', 'a b', '--print-secret'])).status).toBe(2);
});

it('ends quietly where nobody reads on', async () => {
  const child = spawn(process.execPath, [bin, '--help'], { env: searchPath, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let told = '';
  child.stderr.on('data', (text) => {
    told += text;
  });
  const [status] = (await once(child, 'close')) as [number];
  expect([status, told]).toEqual([141, '']);
});

it('prints no colours into a pipe, whatever the terminal can', async () => {
  const { stdout } = await countersign(['--help'], { env: { TERM: 'xterm-256color', FORCE_COLOR: '1' } });
  expect(stdout).not.toContain('\u001b');
});
