import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Issued, newSealing, type Place, sealing, stageOn } from './stage.ts';

/** What `countersign migrate` and `countersign keys` must do on every database. */
export function keysContract(place: () => Place): void {
  const { path, url, run, runWith, json, created, outcome, stored } = stageOn(place);

  describe('countersign migrate', () => {
    const steps = ['0001_keys', '0002_nonces', '0003_audit', '0004_audit_sessions', '0005_revoked_sessions'].map(
      (name) => `countersign_${name}`,
    );

    it('shows what it would do, and does not do it', async () => {
      expect(await json('migrate', '--dry-run')).toEqual({ pending: steps });
      expect(await json('migrate', '--list')).toEqual({ migrations: steps.map((name) => ({ name })) });
      const { status, stderr } = await run('keys', 'list');
      expect(status, stderr).toBe(url().startsWith('/') ? 2 : 3);
    });

    it('makes the tables, once', async () => {
      expect(await json('migrate')).toEqual({ done: steps });
      expect(await json('migrate')).toEqual({ done: [] });
      expect(await json('migrate', '--dry-run')).toEqual({ pending: [] });
      const { migrations } = await json<{ migrations: Array<{ name: string; doneAt: string }> }>('migrate', '--list');
      expect(migrations.map(({ name }) => name)).toEqual(steps);
      for (const { doneAt } of migrations) expect(Date.now() - Date.parse(doneAt)).toBeLessThan(600_000);
      expect((await run('migrate')).stdout).toBe('The tables are up to date.\n');
    });
  });

  describe('countersign keys create', () => {
    it('makes a key that works, and tells its secret once', async () => {
      const issued = await created();
      expect(issued).toEqual({
        accessKey: expect.stringMatching(/^csign_ak_live_/),
        id: expect.stringMatching(/^[\da-f]{12}$/),
        secret: expect.stringMatching(/^csign_sk_live_/),
      });
      expect(await outcome(issued)).toBe('accepted');
      const shown = [
        await run('keys', 'list'),
        await run('keys', 'list', '--json'),
        await run('keys', 'show', issued.accessKey),
      ];
      expect(JSON.stringify(shown)).toContain(issued.accessKey);
      expect(JSON.stringify(shown)).not.toContain(issued.secret.slice(14, 40));
      expect(JSON.stringify(shown)).not.toContain('sealed1.');
    });

    it('leaves no secret in the database', async () => {
      const { secret, accessKey } = await created();
      const text = await stored();
      expect(text).toContain(accessKey);
      expect(text).not.toContain(secret.slice(14, 40));
    });

    it('holds all that it was given', async () => {
      const { accessKey } = await created(
        ...['--access-key', 'partner-1', '--environment', 'test', '--scope', 'orders:read', '--scope', 'orders:write'],
        ...['--scheme', 'rfc9421', '--algorithm', 'hmac-sha256', '--address', '192.0.2.0/24', '--explain'],
        ...['--not-before', '2026-01-01', '--expires', '2036-01-01T00:00:00+01:00', '--max-session-lifetime', '15m'],
      );
      expect(await json('keys', 'show', accessKey)).toMatchObject({
        accessKey: 'partner-1',
        service: 'shop',
        environment: 'test',
        state: 'active',
        scopes: ['orders:read', 'orders:write'],
        schemes: ['rfc9421'],
        algorithms: ['hmac-sha256'],
        addresses: ['192.0.2.0/24'],
        explain: true,
        sessions: { maxLifetime: 900 },
        notBefore: '2026-01-01T00:00:00.000Z',
        expiresAt: '2035-12-31T23:00:00.000Z',
        secrets: [{ state: 'active', kind: 'sealed', sealedWith: 'one' }],
      });
    });

    it('says whether a key may issue sessions, and for how long, and refuses what is unclear', async () => {
      await created('--access-key', 'session-none', '--no-sessions');
      await created('--access-key', 'session-some', '--max-session-lifetime', '900');
      await created('--access-key', 'session-yes');
      const { keys } = await json<{ keys: unknown[] }>('keys', 'list', '--after', 'session-', '--limit', '3');
      expect(keys).toMatchObject([{ sessions: false }, { sessions: { maxLifetime: 900 } }, {}]);
      const { stdout } = await run('keys', 'list', '--after', 'session-', '--limit', '3');
      expect(stdout).toMatch(/session-none .* refused .*\n.* at most 900 seconds .*\n.* allowed /);
      expect((await run('keys', 'show', 'session-some')).stdout).toMatch(/^sessions +at most 900 seconds$/m);
      const create = (...more: string[]) => run('keys', 'create', '--service', 'shop', '--print-secret', ...more);
      expect((await create('--no-sessions', '--max-session-lifetime', '900')).status).toBe(2);
      expect((await create('--max-session-lifetime', '0')).status).toBe(2);
    });

    it('derives secrets where it is given what they are derived from', async () => {
      const env = { COUNTERSIGN_SEALING_KEY: '', COUNTERSIGN_MASTER_SECRET: Buffer.alloc(32, 9).toString('base64') };
      const made = await runWith(env, 'keys', 'create', '--service', 'shop', '--print-secret', '--json');
      const { accessKey } = JSON.parse(made.stdout) as Issued;
      expect(await json('keys', 'show', accessKey)).toMatchObject({ secrets: [{ kind: 'derived' }] });
    });
  });

  describe('countersign keys rotate', () => {
    it('lets both secrets in, or the new one alone', async () => {
      const first = await created();
      const second = await json<Issued>('keys', 'rotate', first.accessKey, '--overlap', '1h', '--print-secret');
      expect([await outcome(first), await outcome(second)]).toEqual(['accepted', 'accepted']);
      const third = await json<Issued>('keys', 'rotate', first.accessKey, '--overlap', '0', '--print-secret');
      expect([await outcome(second), await outcome(third)]).toEqual(['retired_secret', 'accepted']);
      const { secrets } = await json<{ secrets: Array<{ state: string }> }>('keys', 'show', first.accessKey);
      expect(secrets.map(({ state }) => state)).toEqual(['revoked', 'revoked', 'active']);
    });

    it('ends what is for one scheme as well, and gives a scheme a secret of its own', async () => {
      const first = await created();
      const rotate = (...args: string[]) =>
        json<Issued>('keys', 'rotate', first.accessKey, '--overlap', '0', '--print-secret', ...args);
      const own = await rotate('--scheme', 'countersign-v1');
      expect([await outcome(first), await outcome(own)]).toEqual(['accepted', 'accepted']);
      expect(await json('keys', 'show', first.accessKey)).toMatchObject({
        secrets: [{ state: 'active' }, { state: 'active', scheme: 'countersign-v1' }],
      });
      expect((await run('keys', 'show', first.accessKey)).stdout).toMatch(/active, for countersign-v1, sealed/);
      const last = await rotate();
      expect([await outcome(own), await outcome(last)]).toEqual(['retired_secret', 'accepted']);
      const { secrets } = await json<{ secrets: Array<{ state: string }> }>('keys', 'show', first.accessKey);
      expect(secrets.map(({ state }) => state)).toEqual(['revoked', 'revoked', 'active']);
    });

    it('can begin later, and writes to a file as well', async () => {
      const { accessKey } = await created();
      const made = await json<{ file: string }>(
        'keys',
        'rotate',
        accessKey,
        '--starts-at',
        '+1d',
        '--out',
        'next.json',
      );
      expect(made.file).toBe('next.json');
      expect(await outcome(JSON.parse(readFileSync(join(path, 'next.json'), 'utf8')) as Issued)).toBe(
        'signature_mismatch',
      );
      expect(await json('keys', 'show', accessKey)).toMatchObject({
        secrets: [{ state: 'retiring' }, { state: 'next' }],
      });
    });

    it('refuses keys that are not there, or revoked', async () => {
      const { accessKey } = await created();
      await run('keys', 'revoke', accessKey);
      const args = ['keys', 'rotate', '--out', 'never.json', '--json'];
      for (const [key, code] of [
        [accessKey, 'revoked_key'],
        ['nobody', 'unknown_key'],
      ] as const) {
        const { status, stdout, stderr } = await run(...args, key);
        expect([status, stdout]).toEqual([1, '']);
        expect(JSON.parse(stderr)).toMatchObject({ error: { code, message: expect.any(String) } });
      }
      expect(existsSync(join(path, 'never.json'))).toBe(false);
    });
  });

  describe('countersign keys revoke', () => {
    it('ends a key at once, and needs nothing that opens secrets', async () => {
      const issued = await created();
      const { status, stdout } = await runWith({ COUNTERSIGN_SEALING_KEY: '' }, 'keys', 'revoke', issued.accessKey);
      expect([status, stdout]).toEqual([0, `The key ${issued.accessKey} is revoked.\n`]);
      expect(await outcome(issued)).toBe('revoked_key');
    });

    it('ends one secret of two', async () => {
      const first = await created();
      const second = await json<Issued>('keys', 'rotate', first.accessKey, '--print-secret');
      expect(await json('keys', 'revoke', first.accessKey, '--id', first.id)).toEqual({
        accessKey: first.accessKey,
        id: first.id,
        revoked: true,
      });
      expect([await outcome(first), await outcome(second)]).toEqual(['retired_secret', 'accepted']);
      expect((await run('keys', 'revoke', first.accessKey, '--id', 'nothing')).status).toBe(2);
      expect((await run('keys', 'revoke', 'nobody')).status).toBe(1);
    });
  });

  describe('countersign keys delete', () => {
    it('deletes a key, and needs nothing that opens secrets', async () => {
      const issued = await created();
      const { status, stdout } = await runWith({ COUNTERSIGN_SEALING_KEY: '' }, 'keys', 'delete', issued.accessKey);
      expect([status, stdout]).toEqual([0, `The key ${issued.accessKey} is deleted.\n`]);
      expect(await outcome(issued)).toBe('unknown_key');
      expect((await run('keys', 'show', issued.accessKey)).status).toBe(1);
      expect((await run('keys', 'delete', issued.accessKey)).status).toBe(1);
    });
  });

  describe('countersign keys prune', () => {
    it('deletes keys that ended long enough ago, and shows them first', async () => {
      const ended = await created();
      const living = await created();
      await run('keys', 'revoke', ended.accessKey);
      expect(await json('keys', 'show', ended.accessKey)).toMatchObject({ revokedAt: expect.any(String) });
      expect(await json('keys', 'prune', '--ended-for', '1d')).toMatchObject({ deleted: [] });
      await new Promise((resolve) => setTimeout(resolve, 10));
      const looked = await json<{ found: string[] }>('keys', 'prune', '--ended-for', '0', '--dry-run');
      expect(looked.found).toContain(ended.accessKey);
      expect(looked.found).not.toContain(living.accessKey);
      expect(await outcome(ended)).toBe('revoked_key');
      const { stdout } = await run('keys', 'prune', '--ended-for', '0');
      expect(stdout).toMatch(/^Of \d+ keys, \d+ are deleted:\n/);
      expect([await outcome(ended), await outcome(living)]).toEqual(['unknown_key', 'accepted']);
      expect((await run('keys', 'prune')).status).toBe(2);
    });
  });

  describe('countersign keys list', () => {
    it('goes page by page, by owner', async () => {
      const made = await Promise.all(['a', 'b', 'c'].map((name) => created('--access-key', `paged-${name}`)));
      const first = await json<{ keys: Issued[]; next: string }>('keys', 'list', '--after', 'paged', '--limit', '2');
      expect(first.keys.map(({ accessKey }) => accessKey)).toEqual(['paged-a', 'paged-b']);
      const rest = await json<{ keys: Issued[] }>('keys', 'list', '--after', first.next, '--limit', '1');
      expect(rest.keys.map(({ accessKey }) => accessKey)).toEqual([made[2]?.accessKey]);
      expect((await run('keys', 'list', '--limit', '1')).stderr).toMatch(/^There are more: --after \S+\n$/);
      expect((await run('keys', 'list', '--service', 'nobody')).stdout).toBe('There are no such keys.\n');
    });

    it('lets no owner write to the terminal', async () => {
      const more = ['--scope', '\u009b2J', '--print-secret'];
      const { accessKey } = await json<Issued>('keys', 'create', '--service', '\u001b[31mred\u0007', ...more);
      for (const command of [['list'], ['show', accessKey]]) {
        const { stdout } = await run('keys', ...command);
        expect(stdout).toContain('\ufffd[31mred\ufffd');
        expect(stdout).not.toMatch(/[^\P{C}\n]/u);
      }
    });
  });

  describe('countersign keys reseal', () => {
    const both = `two:${newSealing},one:${sealing}`;

    it('seals anew what an older key sealed, and changes no secret', async () => {
      const issued = await created();
      const { status, stdout } = await runWith({ COUNTERSIGN_SEALING_KEY: both }, 'keys', 'reseal', '--json');
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ resealed: expect.any(Number), unopened: [] });
      expect(await json('keys', 'show', issued.accessKey)).toMatchObject({ secrets: [{ sealedWith: 'two' }] });
      expect(await outcome(issued)).toBe('accepted');
      const again = await runWith({ COUNTERSIGN_SEALING_KEY: both }, 'keys', 'reseal');
      expect(again.stdout).toMatch(/^Of \d+ keys, 0 secrets are resealed\.\n$/);
    });

    it('says which secrets it cannot open, and exits with 3', async () => {
      const file = join(path, 'lost.key');
      writeFileSync(file, `lost:${Buffer.alloc(32, 6).toString('base64')}\n`);
      chmodSync(file, 0o600);
      const lost = await json<Issued>(
        ...['keys', 'create', '--service', 'shop', '--print-secret', '--sealing-key-file', 'lost.key'],
      );
      const { status, stderr } = await runWith({ COUNTERSIGN_SEALING_KEY: both }, 'keys', 'reseal');
      expect([status, stderr]).toEqual([3, expect.stringContaining(`${lost.accessKey} ${lost.id}`)]);
    });
  });
}

/** The same, once through. */
export function keysInShort(place: () => Place): void {
  const { run, runWith, json, created, outcome, stored } = stageOn(place);

  it('makes tables and keys, changes, lists, seals anew and ends them', async () => {
    expect(await json('migrate')).toMatchObject({ done: { length: 5 } });
    expect(await json('migrate', '--dry-run')).toEqual({ pending: [] });
    const first = await created('--scope', 'orders:read');
    const second = await json<Issued>('keys', 'rotate', first.accessKey, '--overlap', '1h', '--print-secret');
    expect([await outcome(first), await outcome(second)]).toEqual(['accepted', 'accepted']);
    expect(await stored()).not.toContain(first.secret.slice(14, 40));
    const both = { COUNTERSIGN_SEALING_KEY: `two:${newSealing},one:${sealing}` };
    expect((await runWith(both, 'keys', 'reseal')).stdout).toBe('Of 1 keys, 2 secrets are resealed.\n');
    const { keys } = await json<{ keys: object[] }>('keys', 'list', '--service', 'shop');
    expect(keys).toMatchObject([{ state: 'active', secrets: [{ sealedWith: 'two' }, { sealedWith: 'two' }] }]);
    await run('keys', 'revoke', first.accessKey);
    expect(await outcome(second)).toBe('revoked_key');
  });
}
