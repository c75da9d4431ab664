import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createSigner, generateCredentials, issueBoundSession, issueSession } from 'countersign';
import { prepareRedisReplay, redisRevokedSessions } from 'countersign/redis';
import { createVerifier, memoryKeys, memoryReplay, type RevokedSessions } from 'countersign/server';
import { sqlRevokedSessions } from 'countersign/sql';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRedis } from '../stores/redis-server.ts';
import { connect } from '../stores/sql-connect.ts';
import { present } from '../vectors/present.ts';
import { folder, sqliteHere, withSqlite } from './run.ts';
import { stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });
const { path, remove } = folder();
afterAll(remove);

const parent = generateCredentials();
const keys = memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [{ secret: parent.secret }] }]);

/** `accepted`, or the code with which a server that asks this store refuses the session. */
async function outcome(credentials: { readonly accessKey: string; readonly secret: string }, store: RevokedSessions) {
  const verifier = createVerifier({ keys, replay: memoryReplay(), revokedSessions: store });
  const result = await verifier.verify(await createSigner({ credentials }).sign('https://api.example.com/'));
  return result.ok ? 'accepted' : result.error.code;
}

describe.runIf(sqliteHere() && present('redis-server', '--version'))('countersign sessions revoke', () => {
  const stage = stageOn(() => ({ empty: async () => join(path, randomUUID()), node: withSqlite?.path ?? '' }));
  const closing: Array<() => Promise<void>> = [];
  beforeAll(async () => void (await stage.run('migrate')));
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const inDatabase = () => {
    const database = connect(stage.url().replace(/^\//, 'file:/'));
    closing.push(() => database.destroy());
    return sqlRevokedSessions({ database });
  };

  it('ends a session by its access key, and no other', async () => {
    const [one, other] = [1, 2].map(() => issueSession(parent, { expiresIn: 600 }));
    if (!one || !other) throw new Error('There are no sessions.');
    const store = inDatabase();
    expect([await outcome(one, store), await outcome(other, store)]).toEqual(['accepted', 'accepted']);
    const revoked = await stage.json<{ id: string; expiresAt: string }>('sessions', 'revoke', one.accessKey);
    expect(revoked).toEqual({
      accessKey: parent.accessKey,
      id: expect.stringMatching(/^[\w-]{16}$/),
      expiresAt: new Date(one.expiresAt).toISOString(),
      revoked: true,
    });
    expect([await outcome(one, store), await outcome(other, store)]).toEqual(['revoked_key', 'accepted']);
    const again = await stage.run('sessions', 'revoke', one.accessKey);
    const text = `The session ${revoked.id} of ${parent.accessKey} is revoked.\n`;
    expect(again).toEqual({ status: 0, stdout: text, stderr: '' });
  });

  it('ends the session that another was narrowed from', async () => {
    const wide = issueSession(parent, { expiresIn: 600 });
    const narrow = issueSession(wide, { expiresIn: 60, methods: ['GET'] });
    await stage.json('sessions', 'revoke', narrow.accessKey);
    const store = inDatabase();
    expect([await outcome(wide, store), await outcome(narrow, store)]).toEqual(['revoked_key', 'revoked_key']);
  });

  it('ends one by its id in the audit, whenever it ends', async () => {
    const session = issueSession(parent, { expiresIn: 80_000 });
    const { id } = await stage.json<{ id: string }>('sessions', 'revoke', session.accessKey);
    const next = issueSession(parent, { expiresIn: 80_000 });
    const store = inDatabase();
    const verifier = createVerifier({ keys, replay: memoryReplay(), revokedSessions: store });
    const before = await verifier.verify(await createSigner({ credentials: next }).sign('https://api.example.com/'));
    const own = before.ok ? (before.principal.session?.id ?? '') : '';
    expect(own).not.toBe(id);
    const { expiresAt } = await stage.json<{ expiresAt: string }>(
      'sessions',
      'revoke',
      parent.accessKey,
      `--id=${own}`,
    );
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(364 * 86_400_000);
    expect(await outcome(next, store)).toBe('revoked_key');
    const soon = await stage.json('sessions', 'revoke', parent.accessKey, `--id=${own}`, '--expires', '+1d');
    expect(soon).toMatchObject({ id: own, revoked: true });
    const hyphen = '-AAAAAAAAAAAAAAA';
    expect(await stage.json('sessions', 'revoke', parent.accessKey, `--id=${hyphen}`)).toMatchObject({ id: hyphen });
  });

  it('ends one in Redis as well, where there is one, or there alone', async () => {
    const server = await startRedis();
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
    closing.push(server.close, async () => client.destroy());
    const send = (...command: string[]) => client.sendCommand<unknown>(command);
    await prepareRedisReplay(send, { prefix: 'own:' });
    const store = redisRevokedSessions({ send, prefix: 'own:' });
    const redis = ['--redis', `redis://127.0.0.1:${server.port}`, '--redis-prefix', 'own:'];
    const [both, alone] = [1, 2].map(() => issueSession(parent, { expiresIn: 600 }));
    if (!both || !alone) throw new Error('There are no sessions.');
    expect(await outcome(both, store)).toBe('accepted');
    await stage.json('sessions', 'revoke', both.accessKey, ...redis);
    expect([await outcome(both, store), await outcome(both, inDatabase())]).toEqual(['revoked_key', 'revoked_key']);
    const ran = await stage.runWith({ COUNTERSIGN_DATABASE_URL: '' }, 'sessions', 'revoke', alone.accessKey, ...redis);
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect([await outcome(alone, store), await outcome(alone, inDatabase())]).toEqual(['revoked_key', 'accepted']);
  });

  it('knows a session that is bound to a key pair by its access key', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    const publicKey = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey)).toString('base64url');
    const { accessKey } = issueBoundSession(parent, { publicKey, expiresIn: 600 });
    expect(await stage.json('sessions', 'revoke', accessKey)).toMatchObject({ accessKey: parent.accessKey });
  });

  it.each<[args: string[], says: string]>([
    [[parent.accessKey], 'This is the access key of no session'],
    [[`${parent.accessKey}~s1.e30`], 'has malformed claims'],
    [[parent.accessKey, '--id', 'short'], '--id must be'],
    [[parent.accessKey, '--id', '-AAAAAAAAAAAAAAA'], 'Write --id=VALUE if'],
    [[issueSession(parent, { expiresIn: 60 }).accessKey, '--id', 'AAAAAAAAAAAAAAAA'], 'Give either'],
    [[issueSession(parent, { expiresIn: 60 }).accessKey, '--expires', '+1d'], 'Give either'],
    [[parent.accessKey, '--id', 'AAAAAAAAAAAAAAAA', '--expires', '+900d'], 'more than a year'],
  ])('refuses %j', async (args, says) => {
    const { status, stdout, stderr } = await stage.run('sessions', 'revoke', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
  });

  it('asks for a store, and fails where one is out of reach', async () => {
    const session = issueSession(parent, { expiresIn: 600 });
    const none = await stage.runWith({ COUNTERSIGN_DATABASE_URL: '' }, 'sessions', 'revoke', session.accessKey);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('--database')]);
    const away = await stage.run('sessions', 'revoke', session.accessKey, '--redis', 'redis://127.0.0.1:1');
    expect([away.status, away.stderr]).toEqual([3, expect.stringContaining('Redis cannot be reached')]);
  });
});
