import { createSigner, readChallenge } from 'countersign';
import { type Challenges, type ReplayClaim, signedChallenges } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answering } from './answering.ts';
import { judge, noon, outcomeOf, type RigOptions, received, refusal, rig, signedParts, url } from './rig.ts';

const secret = new Uint8Array(32).fill(7);
const standing = (now = noon) => {
  const time = { now };
  return { time, clock: () => time.now };
};

describe('signedChallenges', () => {
  it('accepts what it issued, from then to the millisecond in which its life ends', () => {
    const lifetimes = fc.oneof(fc.integer({ min: 1, max: 86_400 }), fc.constantFrom(0.001, 0.5, 59.999));
    fc.assert(
      fc.property(lifetimes, fc.integer({ min: 0, max: 4_000_000_000_000 }), (lifetime, now) => {
        const { time, clock } = standing(now);
        const challenges = signedChallenges({ secret, lifetime, clock });
        expect(challenges.lifetime).toBe(lifetime);
        const challenge = challenges.issue();
        expect(challenges.accepts(challenge)).toBe(true);
        time.now = Math.floor(now + lifetime * 1000) - 1;
        expect(challenges.accepts(challenge)).toBe(true);
        time.now += 1;
        expect(challenges.accepts(challenge)).toBe(false);
      }),
    );
  });

  it('holds for a minute where nothing is said', () => {
    const { time, clock } = standing();
    const challenges = signedChallenges({ clock });
    const challenge = challenges.issue();
    time.now += 59_999;
    expect(challenges.accepts(challenge)).toBe(true);
    time.now += 1;
    expect(challenges.accepts(challenge)).toBe(false);
  });

  it('never issues one twice, and only of characters that go into a quoted header', () => {
    const { clock } = standing();
    const challenges = signedChallenges({ clock });
    const issued = Array.from({ length: 1000 }, challenges.issue);
    expect(new Set(issued).size).toBe(1000);
    expect(issued.filter((one) => !/^[\w.~+/=-]{1,512}$/.test(one))).toEqual([]);
  });

  it('accepts what a machine with the same secret issued, and no other', () => {
    const { clock } = standing();
    const [here, there] = [signedChallenges({ secret, clock }), signedChallenges({ secret, clock, lifetime: 5 })];
    expect(here.accepts(there.issue())).toBe(true);
    expect(there.accepts(here.issue())).toBe(true);
    const strangers = [signedChallenges({ clock }), signedChallenges({ secret: new Uint8Array(32), clock })];
    for (const stranger of strangers) {
      expect(here.accepts(stranger.issue())).toBe(false);
      expect(stranger.accepts(here.issue())).toBe(false);
    }
  });

  it('accepts none in which a single character is changed, or added, or missing', () => {
    const { clock } = standing();
    const challenges = signedChallenges({ secret, clock });
    const challenge = challenges.issue();
    const at = fc.nat({ max: challenge.length - 1 });
    fc.assert(
      fc.property(at, fc.string({ minLength: 0, maxLength: 2, unit: 'binary' }), (index, text) => {
        const changed = challenge.slice(0, index) + text + challenge.slice(index + 1);
        expect(challenges.accepts(changed)).toBe(changed === challenge);
        expect(challenges.accepts(challenge.slice(0, index) + text + challenge.slice(index))).toBe(text === '');
      }),
    );
  });

  it('accepts no later end of life, and no text of other kinds', () => {
    const { time, clock } = standing();
    const challenges = signedChallenges({ secret, clock });
    const [end, drawn, mac] = challenges.issue().split('.');
    time.now += 60_000;
    const later = [`${Number(end) + 1000}`, `0${Number(end) + 1000}`, '9'.repeat(15), 'Infinity', '1e15'];
    for (const one of later) expect(challenges.accepts(`${one}.${drawn}.${mac}`)).toBe(false);
    const others = ['', '..', 'NaN.x.y', `${end}.${drawn}`, 'a'.repeat(1_000_000), `${'9'.repeat(1_000_000)}.a.b`];
    for (const one of others) expect(challenges.accepts(one)).toBe(false);
    fc.assert(fc.property(fc.string(), (text) => !challenges.accepts(text)));
  });

  it.each([
    { secret: new Uint8Array(15) },
    { secret: new Uint8Array() },
    { lifetime: 0 },
    { lifetime: -1 },
    { lifetime: Number.NaN },
    { lifetime: Infinity },
  ])('refuses %j', (options) => {
    expect(() => signedChallenges(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

/** A verifier of the answering scheme, with a signer that answers what it is told to. */
function challenged({
  lifetime = 60,
  nonce = false,
  ...options
}: RigOptions & { lifetime?: number; nonce?: boolean } = {}) {
  const { time, clock } = standing();
  const challenges = signedChallenges({ secret, lifetime, clock });
  const scheme = answering({ nonce });
  const made = rig({ scheme, challenges, clock, ...options });
  const signer = (challenge: string | undefined) =>
    createSigner({ accessKey: made.accessKey, secret: made.secret, scheme, challenge: () => challenge });
  return { ...made, time, challenges, signer };
}

describe('a verifier with challenges', () => {
  it('accepts an answer within the life of its challenge, and once', async () => {
    const { verifier, signer, challenges, time, claimed } = challenged();
    const challenge = challenges.issue();
    const parts = signedParts(signer(challenge), { method: 'POST', body: '{}' });
    time.now += 59_999;
    expect(await judge(verifier, parts)).toBe('ok');
    expect(claimed).toEqual([challenge]);
    expect(await judge(verifier, parts)).toBe('replayed_request');
    const another = signedParts(signer(challenge), { method: 'POST', body: '{"other":1}' });
    expect(await judge(verifier, another)).toBe('replayed_request');
  });

  it('takes several answers to one challenge where each has a nonce of its own', async () => {
    const { verifier, signer, challenges } = challenged({ nonce: true });
    const by = signer(challenges.issue());
    const parts = [signedParts(by), signedParts(by)];
    for (const one of parts) expect(await judge(verifier, one)).toBe('ok');
    for (const one of parts) expect(await judge(verifier, one)).toBe('replayed_request');
  });

  it('refuses answers to challenges that are too old, forged, foreign or none', async () => {
    const { verifier, signer, challenges, time, claimed } = challenged();
    const old = challenges.issue();
    time.now += 60_000;
    const foreign = signedChallenges({ clock: () => time.now }).issue();
    for (const one of [old, foreign, `${challenges.issue()}0`, 'x'.repeat(100_000), '', undefined]) {
      expect(await judge(verifier, signedParts(signer(one)))).toBe('invalid_challenge');
    }
    expect(claimed).toEqual([]);
  });

  it('believes no challenge that is put in after signing', async () => {
    const { verifier, signer, challenges } = challenged();
    const parts = signedParts(signer('a challenge of yesterday'));
    const changed = { ...parts, headers: { ...parts.headers, 'x-challenge': challenges.issue() } };
    expect(await judge(verifier, changed)).toBe('signature_mismatch');
  });

  it('refuses every answer where it issues no challenges', async () => {
    const scheme = answering();
    const { verifier, accessKey, secret: own } = rig({ scheme });
    const signer = createSigner({ accessKey, secret: own, scheme, challenge: () => 'any' });
    expect(await judge(verifier, signedParts(signer))).toBe('invalid_challenge');
  });

  it('puts a new challenge into every refusal with status 401, and into no other', async () => {
    const { verifier, signer, challenges } = challenged({ limits: { byKey: { consume: () => Promise.reject({}) } } });
    const replies = [
      refusal(await verifier.verify(new Request(url))).response,
      refusal(await verifier.verify(received(signedParts(signer(undefined))))).response,
      refusal(await verifier.verify(received({ ...signedParts(signer('x')), target: '/other' }))).response,
    ];
    const issued = replies.map((reply) => readChallenge(new Response(reply.body, reply)) ?? '');
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(issued.map(challenges.accepts)).toEqual([true, true, true]);
    expect(new Set(issued).size).toBe(3);
    expect(replies[0]?.headers['WWW-Authenticate']).toBe(
      `Countersign scheme="answering", error="missing_signature", challenge="${issued[0]}"`,
    );
    const limited = refusal(await verifier.verify(received(signedParts(signer(challenges.issue()))))).response;
    expect([limited.status, limited.headers['WWW-Authenticate']]).toEqual([429, undefined]);
  });

  it('accepts on one machine what another issued, once on both where they share a replay store', async () => {
    const { verifier, signer, accessKey, secret: own, time, challenges } = challenged();
    const seen = new Set<string>();
    const replay = {
      claim: (_: string, claim: string): ReplayClaim => (seen.size < seen.add(claim).size ? 'fresh' : 'seen'),
    };
    const shared = { replay, record: { accessKey, secrets: [{ secret: own }] } };
    const [one, other] = [challenged(shared), challenged(shared)];
    expect(outcomeOf(await verifier.verify(received(signedParts(signer(one.challenges.issue())))))).toBe('ok');
    const parts = signedParts(signer(challenges.issue()));
    expect([one.time.now, other.time.now]).toEqual([time.now, time.now]);
    expect(await judge(one.verifier, parts)).toBe('ok');
    expect(await judge(other.verifier, parts)).toBe('replayed_request');
  });

  it('remembers an answer for as long as its challenge is accepted, however short the tolerance', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (lifetime, tolerance, when) => {
          const remembered = new Map<string, number>();
          const replay = {
            claim(_: string, claim: string, until: number): ReplayClaim {
              if ((remembered.get(claim) ?? 0) > time.now) return 'seen';
              remembered.set(claim, until);
              return 'fresh';
            },
          };
          const { verifier, signer, challenges, time } = challenged({ lifetime, tolerance, replay });
          const parts = signedParts(signer(challenges.issue()));
          expect(await judge(verifier, parts)).toBe('ok');
          time.now = noon + Math.floor(lifetime * 1000 * when);
          expect(await judge(verifier, parts)).not.toBe('ok');
        },
      ),
    );
  });

  it.each([0, -1, Number.NaN, Infinity, undefined])('refuses challenges with a lifetime of %s', (lifetime) => {
    const challenges = { ...signedChallenges(), lifetime } as Challenges;
    expect(() => rig({ challenges })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});
