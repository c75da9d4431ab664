import { createSigner, generateCredentials, issueSession } from 'countersign';
import { presign } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noon, outcomeOf } from './rig.ts';

const codeOf = (claim: () => unknown): unknown => {
  try {
    return claim();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

/** One claim at one time: of one of a few nonces, remembered for so long. */
const step = fc.record({
  wait: fc.oneof(fc.nat(5), fc.constantFrom(0, 9, 10, 11, 20, 100)),
  nonce: fc.nat(12),
  keep: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(10)),
});

describe('memoryReplay', () => {
  it('forgets no nonce before its time, whatever the order in which they come and end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let now = 1000;
        const replay = memoryReplay({ clock: () => now });
        const until = new Map<number, number>();
        for (const { wait, nonce, keep } of steps) {
          now += wait;
          const claim = replay.claim('key', `${nonce}`, now + keep);
          if (now < (until.get(nonce) ?? 0)) expect(claim).toBe('seen');
          if (claim === 'fresh') until.set(nonce, now + keep);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('forgets in the end: what came long ago takes no room', () => {
    let now = 0;
    const replay = memoryReplay({ capacity: 1000, clock: () => now });
    for (let i = 0; i < 100_000; i += 1) {
      now += 2;
      // At most 300 are in use at a time, and at most three times as many are held.
      expect(replay.claim('key', `${i}`, now + 600)).toBe('fresh');
    }
  });

  it('lets no key that is remembered for long prolong or crowd out the others', () => {
    const week = 7 * 86_400_000;
    let now = 0;
    const replay = memoryReplay({ capacity: 1000, longLivedPerKey: 100, clock: () => now });
    const codes: unknown[] = [];
    for (let i = 0; i < 50_000; i += 1) {
      now += 1000;
      if (i < 5000) codes.push(codeOf(() => replay.claim('greedy', `${i}`, now + week)));
      // 601 are in use at a time.
      expect(replay.claim('honest', `${i}`, now + 601_000)).toBe('fresh');
    }
    expect(codes.filter((code) => code === 'fresh')).toHaveLength(100);
    expect(codes.filter((code) => code === 'replay_store_full')).toHaveLength(4900);
    expect(replay.claim('greedy', '0', now + week)).toBe('seen');
    expect(replay.claim('greedy', 'short', now + 601_000)).toBe('fresh');
    now += 2 * week;
    expect(replay.claim('greedy', 'later', now + week)).toBe('fresh');
  });

  it('lets long-lived nonces of many keys take half of the room at most', () => {
    const replay = memoryReplay({ capacity: 100, longLived: 1, longLivedPerKey: 10, clock: () => 0 });
    const long = Array.from({ length: 100 }, (_, i) => codeOf(() => replay.claim(`key-${i}`, 'nonce', 5000)));
    expect(long.filter((code) => code === 'fresh')).toHaveLength(50);
    const short = Array.from({ length: 100 }, (_, i) => codeOf(() => replay.claim(`key-${i}`, 'short', 1000)));
    expect(short.filter((code) => code === 'fresh')).toHaveLength(50);
  });

  it('looks through few buckets, whatever lifetimes are asked for', () => {
    const timeOf = (lifetimes: readonly number[]) => {
      let now = 0;
      const replay = memoryReplay({ longLivedPerKey: 1_000_000, clock: () => now });
      const claim = (i: number) => replay.claim('key', `${i}`, now + (lifetimes[i % lifetimes.length] ?? 1));
      for (let i = 0; i < 20_000; i += 1) claim(i);
      const begun = performance.now();
      for (let i = 20_000; i < 60_000; i += 1) {
        now += 10;
        claim(i);
      }
      return performance.now() - begun;
    };
    const spread = Array.from({ length: 10_000 }, (_, i) => 601_000 + i * 60_000);
    timeOf([601_000]);
    // With a bucket for each lifetime it would be thousands of times as much.
    expect(timeOf(spread) / timeOf([601_000])).toBeLessThan(60);
  });

  it.each([{ longLived: 0 }, { longLivedPerKey: 0 }, { longLived: Number.NaN }])('refuses %j', (options) => {
    expect(() => memoryReplay(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('survives a clock that steps back and forth, and forgets only what the clock said was over', () => {
    const jump = fc.record({ to: fc.nat(1000), nonce: fc.nat(12), keep: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 200 }), (jumps) => {
        let now = 0;
        let latest = 0;
        const replay = memoryReplay({ clock: () => now });
        const until = new Map<number, number>();
        for (const { to, nonce, keep } of jumps) {
          now = to;
          latest = Math.max(latest, now);
          const claim = replay.claim('key', `${nonce}`, now + keep);
          if (latest < (until.get(nonce) ?? 0)) expect(claim).toBe('seen');
          if (claim === 'fresh') until.set(nonce, now + keep);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses when it is full, keeps what it has, and takes again when there is room', () => {
    let now = 0;
    const replay = memoryReplay({ capacity: 3, clock: () => now });
    const claim = (nonce: string) => codeOf(() => replay.claim('key', nonce, now + 100));
    expect(['a', 'b', 'c'].map(claim)).toEqual(['fresh', 'fresh', 'fresh']);
    expect(claim('d')).toBe('replay_store_full');
    expect(claim('e')).toBe('replay_store_full');
    expect(claim('a')).toBe('seen');
    now = 99;
    expect(claim('d')).toBe('replay_store_full');
    now = 200;
    expect(claim('d')).toBe('fresh');
  });

  it.each([0, -1, Number.NaN, -Infinity])('cannot have a capacity of %d', (capacity) => {
    expect(() => memoryReplay({ capacity })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it.each([-1, 0, Number.NaN, undefined as unknown as number])(
    'does not pretend to remember what is over already (%s ms)',
    (keep) => {
      const replay = memoryReplay({ clock: () => 1000 });
      expect(codeOf(() => replay.claim('key', 'nonce', 1000 + keep))).toBe('replay_store_unavailable');
    },
  );

  it('tells keys and nonces apart, whatever they hold', () => {
    const replay = memoryReplay({ clock: () => 0 });
    const pairs = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['abc', ''],
      ['', 'abc'],
      ['__proto__', 'constructor'],
    ] as const;
    for (const [key, nonce] of pairs) expect(replay.claim(key, nonce, 1)).toBe('fresh');
    for (const [key, nonce] of pairs) expect(replay.claim(key, nonce, 1)).toBe('seen');
  });

  it('gives one nonce to one of many claims at once', async () => {
    const replay = memoryReplay();
    const claims = await Promise.all(
      Array.from({ length: 1000 }, async () => replay.claim('key', 'nonce', Date.now() + 60_000)),
    );
    expect(claims.filter((claim) => claim === 'fresh')).toHaveLength(1);
  });

  it('keeps no timer that would hold a process', () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const replay = memoryReplay();
    for (let i = 0; i < 1000; i += 1) replay.claim('key', `${i}`, Date.now() + 60_000);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')).toHaveLength(before);
  });

  it('holds memory flat: no more after ten windows than after two', () => {
    let now = 0;
    const replay = memoryReplay({ clock: () => now });
    const heapAfter = (windows: number) => {
      for (let i = 0; i < windows * 20_000; i += 1) {
        now += 1;
        replay.claim('key', `nonce-of-some-length-${now}`, now + 20_000);
      }
      return process.memoryUsage().heapUsed;
    };
    heapAfter(4);
    const samples = Array.from({ length: 6 }, () => heapAfter(2));
    const [first = 0] = samples;
    // Without forgetting, 240,000 nonces more would take over 20 MB more; garbage comes and goes meanwhile.
    expect(Math.min(...samples.slice(1)) - first).toBeLessThan(10e6);
    expect(replay.claim('key', `nonce-of-some-length-${now}`, now + 20_000)).toBe('seen');
  });
});

it('claims the nonce of an address that a session presigns until the session ends, not for the week of the address', async () => {
  const ends: number[] = [];
  const seen = memoryReplay({ clock: () => noon });
  const replay = {
    claim(...claim: Parameters<typeof seen.claim>) {
      ends.push(claim[2]);
      return seen.claim(...claim);
    },
  };
  const scheme = presign({ region: 'eu-west-1', service: 'execute-api', expires: 604_800 });
  const credentials = generateCredentials();
  const keys = memoryKeys([
    { accessKey: credentials.accessKey, service: 'shop', secrets: [{ secret: credentials.secret }] },
  ]);
  const clock = () => noon;
  const verifier = createVerifier({ scheme, keys, replay, clock, acceptFindings: ['body-unsigned'] });
  const session = issueSession(credentials, { expiresIn: 900, clock });
  const request = await createSigner({ ...session, scheme, clock }).sign('https://api.example.com/v1/orders');
  expect(outcomeOf(await verifier.verify(request))).toBe('ok');
  expect(ends).toEqual([noon + 905_000]);
});
