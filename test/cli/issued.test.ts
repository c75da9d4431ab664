import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sqliteHere, withSqlite } from './run.ts';
import { type Issued, stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.runIf(sqliteHere())('a new secret', () => {
  const stage = stageOn(() => ({ empty: async () => join(stage.path, randomUUID()), node: withSqlite?.path ?? '' }));
  const { path, run, runWith, json, created, outcome } = stage;
  beforeAll(() => run('migrate'));

  it('is written to a new file that nobody else can read, and not to where others look', async () => {
    const file = join(path, 'shop.json');
    const { status, stdout, stderr } = await run('keys', 'create', '--service', 'shop', '--out', 'shop.json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const issued = JSON.parse(readFileSync(file, 'utf8')) as Issued;
    expect(Object.keys(issued)).toEqual(['accessKey', 'id', 'secret']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await outcome(issued)).toBe('accepted');
    expect(stdout).toContain(issued.accessKey);
    expect(stdout).not.toContain('csign_sk_');
    expect(await json('keys', 'create', '--service', 'shop', '--out', 'other.json')).toEqual({
      accessKey: expect.any(String),
      id: expect.any(String),
      file: 'other.json',
    });
  });

  it('is written over no file and through no link, and then none is made', async () => {
    writeFileSync(join(path, 'there.json'), 'precious');
    symlinkSync(join(path, 'target.json'), join(path, 'link.json'));
    for (const file of ['there.json', 'link.json', 'no/such/folder.json']) {
      const { status, stderr } = await run('keys', 'create', '--service', 'untouched', '--out', file);
      expect(status, stderr).toBe(2);
      expect(stderr).toMatch(new RegExp(`^countersign: ${file} cannot be created.*\n$`));
    }
    expect(readFileSync(join(path, 'there.json'), 'utf8')).toBe('precious');
    expect(lstatSync(join(path, 'link.json')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(path, 'target.json'))).toBe(false);
    expect(await json('keys', 'list', '--service', 'untouched')).toEqual({ keys: [] });
  });

  it('is written to no file named -, which others take for standard output', async () => {
    for (const command of [
      ['keys', 'create', '--service', 'untouched'],
      ['keys', 'sealing-key'],
    ]) {
      const { status, stdout, stderr } = await run(...command, '--out', '-');
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--print-secret');
    }
    expect(existsSync(join(path, '-'))).toBe(false);
    expect(await json('keys', 'list', '--service', 'untouched')).toEqual({ keys: [] });
  });

  it('that was not made leaves no file', async () => {
    const { accessKey } = await created();
    const taken = await run('keys', 'create', '--service', 'x', '--access-key', accessKey, '--out', 'taken.json');
    expect([taken.status, existsSync(join(path, 'taken.json'))]).toEqual([2, false]);
    expect(taken.stderr).toContain('is taken');
  });

  it('is not printed into a pipe unasked, and then none is made', async () => {
    for (const more of [[], ['--json']]) {
      const { status, stdout, stderr } = await run('keys', 'create', '--service', 'piped', ...more);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--print-secret');
    }
    expect(await json('keys', 'list', '--service', 'piped')).toEqual({ keys: [] });
  });

  it('is not made for a caller with a public key, and then nothing that seals is needed', async () => {
    const { publicKey, privateKey } = keyPair();
    writeFileSync(join(path, 'public.pem'), publicKey);
    writeFileSync(join(path, 'private.pem'), privateKey);
    const args = ['keys', 'create', '--service', 'shop', '--json', '--public-key'];
    const { status, stdout, stderr } = await runWith({ COUNTERSIGN_SEALING_KEY: '' }, ...args, 'public.pem');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const issued = JSON.parse(stdout) as Issued;
    expect(Object.keys(issued)).toEqual(['accessKey', 'id']);
    expect(await json('keys', 'show', issued.accessKey)).toMatchObject({ secrets: [{ kind: 'public key' }] });
    const refused = await run(...args, 'private.pem');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('private key')]);
  });

  it('is not made without what seals it, and the command that makes that is told', async () => {
    const env = { COUNTERSIGN_SEALING_KEY: '' };
    const { status, stderr } = await runWith(env, 'keys', 'create', '--service', 'shop', '--print-secret');
    expect([status, stderr]).toEqual([2, expect.stringContaining('countersign keys sealing-key')]);
  });
});

const keyPair = () =>
  generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
