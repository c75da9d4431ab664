import { type AcceptedEvent, boundedSink, type RefusedEvent, type StoredKey } from 'countersign/server';
import { sqlAudit, sqlKeys, sqlReplay, sqlRevokedSessions } from 'countersign/sql';
import { CamelCasePlugin, type Kysely, ParseJSONResultsPlugin, sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { migrate, migratorOf, type World } from './sql-world.ts';

const minute = 60_000;
const key = (accessKey: string, more: Partial<StoredKey> = {}): StoredKey => ({
  accessKey,
  service: 'shop',
  environment: 'live',
  createdAt: 1,
  secrets: [],
  version: 1,
  ...more,
});

/** What the tables of every database must do beside being a key table and a replay store. */
export function sqlTablesContract(world: () => World): void {
  let database: Kysely<unknown>;
  beforeEach(async () => {
    database = world().open(await world().empty());
    await migrate(database);
  });
  const until = () => Date.now() + minute;
  const run = (statement: string) => sql.raw(statement).execute(database);
  const rows = async (table: string) =>
    (await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(database)).rows;

  it('are made once, and taken away again', async () => {
    expect(await migratorOf(database).migrateToLatest()).toEqual({ results: [] });
    await sqlKeys({ database }).insert(key('a'));
    for (let step = 0; step < 5; step++) expect((await migratorOf(database).migrateDown()).error).toBeUndefined();
    await expect(sqlKeys({ database }).read('a')).rejects.toMatchObject({ code: 'key_store_unavailable', status: 503 });
    await migrate(database);
    expect(await sqlKeys({ database }).read('a')).toBeUndefined();
  });

  it('may have columns that nobody here knows', async () => {
    await sqlKeys({ database }).insert(key('before'));
    for (const table of ['keys', 'nonces', 'audit', 'revoked_sessions']) {
      await run(`alter table countersign_${table} add column tenant varchar(20) default 'none' not null`);
      await run(`alter table countersign_${table} add column note text`);
    }
    const keys = sqlKeys({ database });
    await keys.insert(key('after'));
    await run(`update countersign_keys set tenant = 'one'`);
    expect(await keys.replace(key('after', { version: 2, scopes: ['a'] }))).toBe(true);
    expect(await keys.read('after')).toEqual(key('after', { version: 2, scopes: ['a'] }));
    expect(await keys.list({})).toHaveLength(2);
    expect((await rows('countersign_keys')).map(({ tenant }) => tenant)).toEqual(['one', 'one']);
    const { claim } = sqlReplay({ database });
    expect([await claim('a', 'b', until()), await claim('a', 'b', until())]).toEqual(['fresh', 'seen']);
    const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: until() };
    const revokedSessions = sqlRevokedSessions({ database });
    await revokedSessions.revoke({ accessKey: 'a', session });
    expect(await revokedSessions.has({ accessKey: 'a', id: session.id })).toBe(true);
    await sqlAudit({ database })(event);
    expect(await rows('countersign_audit')).toMatchObject([{ tenant: 'none', note: null, outcome: 'refused' }]);
  });

  it('that lack a column are told as what they are, and let nobody in', async () => {
    await run('alter table countersign_keys rename column stored to other');
    await run('alter table countersign_nonces rename column expires_at to other');
    const keys = sqlKeys({ database });
    const message = expect.stringContaining('migrations');
    const cause = expect.objectContaining({ message: expect.stringMatching(/stored/) });
    await expect(keys.read('a')).rejects.toMatchObject({ code: 'key_store_unavailable', message, cause });
    await expect(keys.insert(key('a'))).rejects.toMatchObject({ code: 'key_store_unavailable' });
    const { claim } = sqlReplay({ database });
    await expect(claim('a', 'b', until())).rejects.toMatchObject({ code: 'replay_store_unavailable', message });
    await run('alter table countersign_revoked_sessions rename column id to other');
    const { has, revoke, prune } = sqlRevokedSessions({ database });
    const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: until() };
    for (const act of [() => has({ accessKey: 'a', ...session }), () => revoke({ accessKey: 'a', session }), prune]) {
      await expect(act()).rejects.toMatchObject({ code: 'session_store_unavailable', status: 503, message });
    }
  });

  it('tell names apart by every letter and blank, and take them for nothing but names', async () => {
    const keys = sqlKeys({ database });
    const names = ['shop', 'Shop', 'shop ', ' shop', 'shöp', "x' or '1'='1", '"; drop table countersign_keys; --', '%'];
    for (const name of names) expect(await keys.insert(key(name, { service: name }))).toBe(true);
    for (const name of names) {
      expect(await keys.insert(key(name))).toBe(false);
      expect(await keys.read(name)).toEqual(key(name, { service: name }));
      expect(await keys.list({ service: name })).toEqual([key(name, { service: name })]);
    }
    expect((await keys.list({})).map(({ accessKey }) => accessKey)).toEqual([...names].sort());
    expect(await keys.list({ after: 'shop', limit: 1 })).toEqual([key('shop ', { service: 'shop ' })]);
    for (const name of ['', 'SHOP', 'shop  ', 'shop\t', "' or 1=1 --", '_', 'x'.repeat(512)]) {
      expect(await keys.read(name)).toBeUndefined();
    }
  });

  it('take no value for a part of a statement, however it is quoted', async () => {
    const hostile = [
      "/x',user(),version(),null,null,null,null)-- ",
      "\\',user(),version(),null,null,null,null)-- ",
      "\\\\' or 1=1 -- ",
      "' or '1'='1",
      '\\',
      '"',
    ];
    const audit = sqlAudit({ database });
    const keys = sqlKeys({ database });
    for (const [i, text] of hostile.entries()) {
      const fields = { path: text, message: text, method: text, accessKey: text, service: text };
      const session = { sessionId: text, subject: text };
      await audit({
        ...event,
        ...fields,
        ...session,
        scheme: text,
        secretId: text,
        nonce: text,
        address: text,
        time: i + 1,
      });
      const [written] = (await rows('countersign_audit')).filter(({ time }) => Number(time) === i + 1);
      const columns = [
        'path',
        'message',
        'method',
        'access_key',
        'service',
        'scheme',
        'secret_id',
        'nonce',
        'address',
      ].concat(['session_id', 'subject']);
      expect(columns.map((name) => written?.[name])).toEqual(columns.map(() => text));
      expect(await keys.insert(key(text, { service: text }))).toBe(true);
      expect(await keys.read(text)).toEqual(key(text, { service: text }));
      expect(await keys.list({ service: text })).toEqual([key(text, { service: text })]);
      await keys.touch?.(text, 5);
      expect(await keys.replace(key(text, { service: text, version: 2 }))).toBe(true);
      expect(await keys.delete(text, 2)).toBe(true);
    }
    expect(await rows('countersign_audit')).toHaveLength(hostile.length);
  });

  it('cut nothing short that is too long', async () => {
    const keys = sqlKeys({ database });
    const addresses = Array.from({ length: 8000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
    expect(await keys.insert(key('many', { addresses }))).toBe(true);
    expect(await keys.read('many')).toEqual(key('many', { addresses }));
    const long = 'x'.repeat(300);
    await keys.insert(key(long)).catch(({ code }) => expect(code).toBe('key_store_unavailable'));
    expect(await keys.read(long.slice(0, 255))).toBeUndefined();
  });

  it('that hold something else are no keys, and say nothing of what they hold', async () => {
    const keys = sqlKeys({ database });
    await keys.insert(key('a'));
    await keys.insert(key('b'));
    await run(`update countersign_keys set stored = '{"secret' where access_key = 'a'`);
    await run(`update countersign_keys set stored = '{"accessKey":"a"}' where access_key = 'b'`);
    for (const name of ['a', 'b']) {
      const error = await keys.read(name).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'key_store_unavailable', status: 503 });
      expect(`${error.message} ${error.cause}`).not.toContain('secret');
    }
  });

  it('are reached past the plugins of the database that was handed in', async () => {
    const dressed = database
      .withPlugin(new CamelCasePlugin({ upperCase: true }))
      .withPlugin(new ParseJSONResultsPlugin());
    const keys = sqlKeys({ database: dressed });
    await keys.insert(key('a', { lastUsedAt: 5 }));
    expect(await keys.read('a')).toEqual(key('a', { lastUsedAt: 5 }));
    expect(await sqlReplay({ database: dressed }).claim('a', 'b', until())).toBe('fresh');
  });

  it('forget nonces some time after their end, and no others', async () => {
    let now = Date.now();
    const replay = sqlReplay({ database, timeout: 15_000, clock: () => now });
    for (let i = 0; i < 1100; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => replay.claim('a', `${i + j}`, now + minute)));
    }
    await replay.claim('a', 'later', now + 60 * minute);
    now += 2 * minute;
    expect(await replay.prune()).toBe(0);
    now += 10 * minute;
    expect(await replay.prune()).toBe(1100);
    expect(await rows('countersign_nonces')).toHaveLength(1);
    expect(await replay.claim('a', 'later', now + minute)).toBe('seen');
  });

  it('forget by themselves while nonces are claimed', async () => {
    let now = Date.now();
    const replay = sqlReplay({ database, timeout: 15_000, clock: () => now });
    for (let i = 0; i < 40; i++) await replay.claim('a', `old-${i}`, now + 1);
    now += 20 * minute;
    for (let i = 0; i < 250; i++) await replay.claim('a', `new-${i}`, now + minute);
    await expect.poll(async () => (await rows('countersign_nonces')).length).toBe(250);
  });

  it('forget revoked sessions some time after their end, and no others', async () => {
    let now = Date.now();
    const revokedSessions = sqlRevokedSessions({ database, timeout: 15_000, clock: () => now });
    const idOf = (i: number) => `session-${i}`.padEnd(16, '_');
    const revoke = (i: number, expiresAt: number) =>
      revokedSessions.revoke({ accessKey: 'a', session: { id: idOf(i), expiresAt } });
    for (let i = 0; i < 20; i++) await revoke(i, now + minute);
    await revoke(100, now + 60 * minute);
    await revoke(100, now);
    now += 2 * minute;
    expect(await revokedSessions.prune()).toBe(0);
    now += 10 * minute;
    expect(await revokedSessions.prune()).toBe(20);
    expect(await revokedSessions.has({ accessKey: 'a', id: idOf(100) })).toBe(true);
    expect(await revokedSessions.has({ accessKey: 'a', id: idOf(0) })).toBe(false);
    now += 60 * minute;
    await revoke(101, now + minute);
    await expect.poll(async () => (await rows('countersign_revoked_sessions')).length).toBe(1);
  });

  it('hold the session and its subject of an event, in rows from before the migration nothing', async () => {
    const older = world().open(await world().empty());
    const migrator = migratorOf(older);
    expect((await migrator.migrateTo('countersign_0003_audit')).error).toBeUndefined();
    const audit = sqlAudit({ database: older });
    // A server that runs before its migration loses only the events of sessions.
    await audit(event);
    const ofSession = { ...event, time: event.time + 1, sessionId: 'AAAAAAAAAAAAAAAA', subject: 'user-7' };
    await expect(audit(ofSession)).rejects.toThrow('session_id');
    await migrate(older);
    await audit(ofSession);
    const { subject: _, ...nameless } = { ...ofSession, time: event.time + 2 };
    await audit(nameless);
    const found = await sql<
      Record<string, unknown>
    >`select session_id, subject from countersign_audit order by id`.execute(older);
    expect(found.rows).toEqual([
      { session_id: null, subject: null },
      { session_id: 'AAAAAAAAAAAAAAAA', subject: 'user-7' },
      { session_id: 'AAAAAAAAAAAAAAAA', subject: null },
    ]);
  });

  it('hold what was audited, and nothing that no event has', async () => {
    const audit = sqlAudit({ database });
    const hostile = {
      ...event,
      path: `/${'\0'}x'; --`,
      accessKey: 'ü'.repeat(512),
      secret: 'hush',
      query: '?token=hush',
    };
    await Promise.all([audit(event), audit(accepted)]);
    await audit({ ...hostile, time: event.time + 2 });
    const written = (await rows('countersign_audit')).sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    expect(written.map(({ id, time, ...row }) => ({ ...row, time: Number(time) }))).toEqual([
      row,
      { ...row, time: row.time + 1, outcome: 'accepted', code: null, message: null },
      { ...row, time: row.time + 2, path: "/\ufffdx'; --", access_key: 'ü'.repeat(512) },
    ]);
    expect(JSON.stringify(written)).not.toContain('hush');
  });

  it('let no more audit events wait than may, and tell which are lost', async () => {
    const lost: string[] = [];
    const audit = boundedSink(sqlAudit({ database }), {
      capacity: 10,
      timeout: 60_000,
      onLoss: (_, loss) => lost.push(loss),
    });
    for (let i = 0; i < 25; i++) audit(event);
    await audit.idle();
    // One is being written while the others wait.
    expect(audit.counts()).toMatchObject({ delivered: 11, dropped: 14, failed: 0, late: 0 });
    expect(await rows('countersign_audit')).toHaveLength(11);
    await run('drop table countersign_audit');
    audit(event);
    await audit.idle();
    expect(lost.at(-1)).toBe('failed');
  });
}

const event: RefusedEvent = {
  outcome: 'refused',
  time: 1_795_000_000_000,
  duration: 1.5,
  code: 'signature_mismatch',
  message: 'The signature does not match.',
  method: 'GET',
  path: '/v1/orders',
  accessKey: 'csign_ak_1',
  service: 'shop',
  scheme: 'countersign-v1',
  secretId: undefined,
  nonce: 'a-nonce',
  address: '192.0.2.1',
};

const accepted: AcceptedEvent = {
  ...event,
  time: event.time + 1,
  outcome: 'accepted',
  code: undefined,
  message: undefined,
};

const row = {
  outcome: 'refused',
  time: 1_795_000_000_000,
  duration: 1.5,
  code: 'signature_mismatch',
  message: 'The signature does not match.',
  method: 'GET',
  path: '/v1/orders',
  access_key: 'csign_ak_1',
  service: 'shop',
  scheme: 'countersign-v1',
  secret_id: null,
  nonce: 'a-nonce',
  address: '192.0.2.1',
  session_id: null,
  subject: null,
};
