import { issueSession } from 'countersign';
import { memoryRevokedSessions, type RevokedSessions } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { noon, outcomeOf, received, refusal } from './rig.ts';
import { accepted, forged, outcome, plain, sessionRig } from './session-rig.ts';

const rigWith = (revokedSessions: RevokedSessions) => sessionRig('countersign-v1', { revokedSessions });

describe('a revoked session', () => {
  it('is refused, and its siblings and its parent are not', async () => {
    const revokedSessions = memoryRevokedSessions({ clock: () => noon });
    const at = rigWith(revokedSessions);
    const [one, two] = [0, 1].map(() => issueSession(at.parent, { expiresIn: 900, clock: at.clock }));
    if (!one || !two) throw new Error('There are two.');
    const { principal } = await accepted(at.verifier, at.signed(one));
    if (!principal.session) throw new Error('There is a session.');
    revokedSessions.revoke(principal);
    expect(await outcome(at, one)).toBe('revoked_key');
    expect(await outcome(at, two)).toBe('ok');
    expect(await outcome(at, at.parent)).toBe('ok');
  });

  it('takes with it what was narrowed from it, and not what it was narrowed from', async () => {
    const revokedSessions = memoryRevokedSessions({ clock: () => noon });
    const at = rigWith(revokedSessions);
    const chain = [plain, { ...plain, i: 'BBBBBBBBBBBBBBBB' }, { ...plain, i: 'CCCCCCCCCCCCCCCC' }];
    const session = { id: 'BBBBBBBBBBBBBBBB', expiresAt: plain.e * 1000 };
    revokedSessions.revoke({ accessKey: at.parent.accessKey, session });
    const sessions = [1, 2, 3].map((links) => forged(at.parent, ...chain.slice(0, links)));
    expect(await Promise.all(sessions.map((session) => outcome(at, session)))).toEqual([
      'ok',
      'revoked_key',
      'revoked_key',
    ]);
  });
});

describe('the session of a narrowed one', () => {
  it('is what a principal revokes: another narrowed session, with an id that its holder chose, is refused too', async () => {
    const revokedSessions = memoryRevokedSessions({ clock: () => noon });
    const at = rigWith(revokedSessions);
    const narrowed = ['BBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCC'].map((i) => forged(at.parent, plain, { ...plain, i }));
    const [one = at.parent, two = at.parent] = narrowed;
    const { principal } = await accepted(at.verifier, at.signed(one));
    revokedSessions.revoke(principal);
    expect(await outcome(at, one)).toBe('revoked_key');
    expect(await outcome(at, two)).toBe('revoked_key');
    expect(await outcome(at, forged(at.parent, plain))).toBe('revoked_key');
  });

  it('is asked for with each id of the chain, and the parent', async () => {
    const asked: unknown[] = [];
    const at = rigWith({ has: (session) => asked.push(session) < 0 });
    const ids = [plain.i, 'BBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCC'];
    await outcome(at, forged(at.parent, ...ids.map((i) => ({ ...plain, i }))));
    // The issuer's clock may be five minutes ahead.
    const issuedAfter = plain.b * 1000 - 300_000;
    expect(asked).toEqual(ids.map((id) => ({ accessKey: at.parent.accessKey, id, issuedAfter })));
  });

  it('is not said to be issued later than its first link was: its holder chooses the times of the others', async () => {
    const asked: Array<number | undefined> = [];
    const at = rigWith({ has: ({ issuedAfter }) => asked.push(issuedAfter) < 0 });
    at.time.now += 60_000;
    await outcome(at, forged(at.parent, plain, { ...plain, b: plain.b + 60, i: 'BBBBBBBBBBBBBBBB' }));
    expect(asked).toEqual([plain.b * 1000 - 300_000, plain.b * 1000 - 300_000]);
  });
});

describe('the store of revoked sessions', () => {
  it('is asked for sessions only, after the signature was verified', async () => {
    const asked: string[] = [];
    const at = rigWith({ has: ({ id }) => asked.push(id) < 0 });
    await outcome(at, at.parent);
    const session = forged(at.parent, plain);
    await outcome(at, { ...session, secret: 'x'.repeat(43) });
    expect(asked).toEqual([]);
    expect(await outcome(at, session)).toBe('ok');
    expect(asked).toEqual([plain.i]);
  });

  it.each<[string, RevokedSessions['has']]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('down'))],
    ['returns nothing', () => undefined as unknown as boolean],
    ['returns a number', () => 0 as unknown as boolean],
    ['returns a promise of null', async () => null as unknown as boolean],
  ])('that %s refuses the request with 503, without the nonce being spent', async (_, has) => {
    const at = rigWith({ has });
    const result = await at.verifier.verify(received(at.signed(forged(at.parent, plain))));
    expect(outcomeOf(result)).toBe('session_store_unavailable');
    expect(refusal(result).response.status).toBe(503);
    expect(refusal(result).response.body).not.toContain('down');
    expect(at.claimed).toEqual([]);
  });

  it('that does not respond refuses the request within a few seconds', async () => {
    const at = rigWith({ has: () => new Promise(() => {}) });
    const begun = performance.now();
    const result = await at.verifier.verify(received(at.signed(forged(at.parent, plain))));
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(refusal(result).error).toMatchObject({
      code: 'session_store_unavailable',
      message: 'The store of revoked sessions does not respond in time.',
    });
    expect(at.claimed).toEqual([]);
  });

  it('must have the function has', () => {
    const wrong = new Set() as unknown as RevokedSessions;
    expect(() => rigWith(wrong)).not.toThrow();
    expect(() => rigWith({} as RevokedSessions)).toThrow('revokedSessions');
  });
});

describe('memoryRevokedSessions', () => {
  it('remembers a session until a minute after its end, and no longer than it has to', () => {
    const time = { now: noon };
    const store = memoryRevokedSessions({ capacity: 2, clock: () => time.now });
    const ids = ['AAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCC'] as const;
    const revoke = (id: string, expiresAt: number) => store.revoke({ accessKey: 'shop', session: { id, expiresAt } });
    revoke(ids[0], noon + 1000);
    revoke(ids[1], noon + 2000);
    const third = () => revoke(ids[2], noon + 3000);
    expect(third).toThrow(expect.objectContaining({ code: 'session_store_unavailable' }));
    // One that is there may be revoked again.
    revoke(ids[0], noon + 1000);
    time.now = noon + 61_000;
    third();
    expect(ids.map((id) => store.has({ accessKey: 'shop', id }))).toEqual([false, true, true]);
  });

  it('keeps the later of two ends, and sessions of other parents apart', () => {
    const time = { now: noon };
    const store = memoryRevokedSessions({ capacity: 2, clock: () => time.now });
    const id = 'AAAAAAAAAAAAAAAA';
    store.revoke({ accessKey: 'shop', session: { id, expiresAt: noon + 100_000 } });
    store.revoke({ accessKey: 'shop', session: { id, expiresAt: noon } });
    expect(store.has({ accessKey: 'other', id })).toBe(false);
    store.revoke({ accessKey: 'other', session: { id, expiresAt: noon } });
    time.now = noon + 61_000;
    store.revoke({ accessKey: 'third', session: { id, expiresAt: noon + 100_000 } });
    expect(['shop', 'other', 'third'].map((accessKey) => store.has({ accessKey, id }))).toEqual([true, false, true]);
  });

  it.each([
    undefined,
    { id: 'short', expiresAt: noon },
    { id: 'AAAAAAAAAAAAAAAA', expiresAt: Number.NaN },
    { id: 'AAAAAAAAAAAAAAAA', expiresAt: noon * 1000 },
    { expiresAt: noon },
    { id: 'AAAAAAAAAAAAAAAA' },
  ])('refuses to revoke %o', (session) => {
    const store = memoryRevokedSessions();
    const principal = { accessKey: 'shop', session: session as { id: string; expiresAt: number } };
    expect(() => store.revoke(principal)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('refuses options that do not exist', () => {
    expect(() => memoryRevokedSessions({ capacity: 0 })).toThrow('capacity');
    expect(() => memoryRevokedSessions({ size: 1 } as object)).toThrow('size');
  });
});
