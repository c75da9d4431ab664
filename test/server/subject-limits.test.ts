import { issueSession } from 'countersign';
import type { Limiter } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { received, refusal } from './rig.ts';
import { outcome, type SessionRig, sessionRig } from './session-rig.ts';

const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 });
const sessionOf = (at: SessionRig, subject?: string) =>
  issueSession(at.parent, { expiresIn: 900, clock: at.clock, ...(subject !== undefined && { subject }) });

describe('a limit by subject', () => {
  it('counts each subject of a key alone, narrowed sessions with it, and nothing else', async () => {
    const bySubject = limiter(2);
    const at = sessionRig('countersign-v1', { limits: { bySubject } });
    const [one, same, other, nameless] = [
      sessionOf(at, 'a b'),
      sessionOf(at, 'a b'),
      sessionOf(at, 'c'),
      sessionOf(at),
    ];
    const narrowed = issueSession(same, { expiresIn: 60, clock: at.clock });
    const codes: string[] = [];
    for (const session of [one, narrowed, same, narrowed, one]) codes.push(await outcome(at, session));
    expect(codes).toEqual(['ok', 'ok', ...Array.from({ length: 3 }, () => 'rate_limited')]);
    expect(await outcome(at, other)).toBe('ok');
    for (let i = 0; i < 4; i++) expect(await outcome(at, nameless)).toBe('ok');
    for (let i = 0; i < 4; i++) expect(await outcome(at, at.parent)).toBe('ok');
    expect(await bySubject.get(`${at.parent.accessKey} a b`)).toMatchObject({ consumedPoints: 3 });
  });

  it('is charged for verified requests only: a forger uses up the budget of nobody, and fills no memory', async () => {
    const consumed: string[] = [];
    const bySubject: Limiter = { consume: async (key) => consumed.push(key) };
    const at = sessionRig('countersign-v1', { limits: { bySubject } });
    const session = sessionOf(at, 'a');
    const sent = at.signed(session);
    expect(await outcome(at, { ...session, secret: 'x'.repeat(43) })).toBe('signature_mismatch');
    expect((await at.verifier.verify(received(sent))).ok).toBe(true);
    expect((await at.verifier.verify(received(sent))).ok).toBe(false);
    expect(consumed).toEqual([`${at.parent.accessKey} a`]);
  });

  it('spares the budget that all users of a key share', async () => {
    const byKey = limiter(3);
    const at = sessionRig('countersign-v1', { limits: { bySubject: limiter(1), byKey } });
    const greedy = sessionOf(at, 'greedy');
    for (let i = 0; i < 5; i++) await outcome(at, greedy);
    expect(await byKey.get(at.parent.accessKey)).toMatchObject({ consumedPoints: 1 });
    expect(await outcome(at, sessionOf(at, 'modest'))).toBe('ok');
  });

  it('returns the point if the key has none left', async () => {
    const bySubject = limiter(10);
    const at = sessionRig('countersign-v1', { limits: { bySubject, byKey: limiter(1) } });
    const session = sessionOf(at, 'a');
    const codes = [await outcome(at, session), await outcome(at, session), await outcome(at, session)];
    expect(codes).toEqual(['ok', 'rate_limited', 'rate_limited']);
    expect(await bySubject.get(`${at.parent.accessKey} a`)).toMatchObject({ consumedPoints: 1 });
  });

  it('tells the caller of both budgets, and of the one that is exhausted', async () => {
    const at = sessionRig('countersign-v1', { limits: { bySubject: limiter(1), byKey: limiter(9) } });
    const session = sessionOf(at, 'a');
    expect(await at.verifier.verify(received(at.signed(session)))).toMatchObject({
      headers: {
        'RateLimit-Policy': '"subject";q=1;w=60, "key";q=9;w=60',
        RateLimit: '"subject";r=0;t=60, "key";r=8;t=60',
      },
    });
    const { response } = refusal(await at.verifier.verify(received(at.signed(session))));
    expect([response.status, response.headers['RateLimit-Policy']]).toEqual([429, '"subject";q=1;w=60']);
  });

  it('that is down refuses the request', async () => {
    const bySubject: Limiter = { consume: async () => Promise.reject(new Error('down')) };
    const at = sessionRig('countersign-v1', { limits: { bySubject } });
    expect(await outcome(at, sessionOf(at, 'a'))).toBe('limiter_unavailable');
    expect(await outcome(at, at.parent)).toBe('ok');
  });
});
