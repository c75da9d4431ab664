import { createSigner, generateCredentials } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import {
  countersignV1,
  createVerifier,
  type Limiter,
  memoryKeys,
  memoryReplay,
  protect,
  type VerifierOptions,
} from 'countersign/server';
import { RateLimiterMemory, RateLimiterUnion } from 'rate-limiter-flexible';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { limiterKinds } from './limiters.ts';
import { noon, outcomeOf, type Parts, received, refusal, rig, signedParts, url } from './rig.ts';

const address = '192.0.2.1';

/** A rig with limits, and how it answers: the status, or the precise code. */
function limitedRig(limits: VerifierOptions['limits'], options: Partial<VerifierOptions> = {}) {
  const world = rig({ ...(limits && { limits }), ...options });
  const call = async (parts: Parts, from = address): Promise<string> => {
    const result = await world.verifier.verify(received(parts), { address: from });
    return result.ok ? 'ok' : result.error.code;
  };
  return { ...world, call, good: () => signedParts(world.signer) };
}

const forged = (parts: Parts): Parts => ({ ...parts, target: '/other' });
const unknown = (parts: Parts): Parts => ({ ...parts, headers: { ...parts.headers, 'x-api-key': 'guessed' } });
const bare = (parts: Parts): Parts => ({ ...parts, headers: {} });

describe.each(limiterKinds.filter(({ here }) => here))('limits in $name', ({ start }) => {
  let store: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    store = await start();
  });
  afterAll(() => store.close());

  it('count what fails against the address, and nothing of it against the key', async () => {
    const [byAddress, byKey] = [
      await store.limiter({ points: 4, duration: 60 }),
      await store.limiter({ points: 2, duration: 60 }),
    ];
    const { call, good, accessKey } = limitedRig({ byAddress, byKey });
    expect(await call(forged(good()))).toBe('signature_mismatch');
    expect(await call(unknown(good()))).toBe('unknown_key');
    expect(await call(bare(good()))).toBe('missing_signature');
    expect(await byKey.get(accessKey)).toBeNull();
    const first = good();
    expect(await call(first)).toBe('ok');
    expect(await call(first)).toBe('replayed_request');
    expect(await byAddress.get(address)).toMatchObject({ consumedPoints: 4 });
    expect(await byKey.get(accessKey)).toMatchObject({ consumedPoints: 1 });
    expect(await call(good())).toBe('rate_limited');
    expect(await call(good(), '192.0.2.2')).toBe('ok');
    expect(await call(good(), '192.0.2.2')).toBe('rate_limited');
    expect(await byAddress.get('192.0.2.2')).toMatchObject({ consumedPoints: 0 });
  });

  it('keep the nonces of a caller over its limit out of the replay store', async () => {
    const byKey = await store.limiter({ points: 3, duration: 60 });
    const replay = memoryReplay({ capacity: 10, clock: () => noon });
    let claims = 0;
    const counted = {
      claim(...claim: Parameters<typeof replay.claim>) {
        claims++;
        return replay.claim(...claim);
      },
    };
    const { call, good } = limitedRig({ byKey }, { replay: counted });
    for (let i = 0; i < 20; i++) await call(good());
    // Three that are accepted, and one by which the verifier learns that the budget is exhausted.
    expect(claims).toBeLessThan(8);
  });

  it('charge the key nothing for replays, also of many at once', async () => {
    const byKey = await store.limiter({ points: 5, duration: 60 });
    const { call, good, accessKey } = limitedRig({ byKey });
    const recorded = good();
    expect(await call(recorded)).toBe('ok');
    const codes = await Promise.all(Array.from({ length: 30 }, () => call(recorded)));
    expect(new Set(codes)).toEqual(new Set(['replayed_request']));
    expect(await byKey.get(accessKey)).toMatchObject({ consumedPoints: 1 });
    expect(await call(good())).toBe('ok');
  });

  it('charge the key for a request that stores a nonce, although its second signature is a replay', async () => {
    const byKey = await store.limiter({ points: 5, duration: 60 });
    const { accessKey, secret } = generateCredentials();
    const clock = () => noon;
    const verifier = createVerifier({
      ...{ clock, scheme: [countersignV1, rfc9421()], replay: memoryReplay({ clock }), limits: { byKey } },
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    });
    const constant = createSigner({ accessKey, secret, clock, scheme: rfc9421(), nonce: () => 'a-constant-nonce-1' });
    const codes: string[] = [];
    for (let i = 0; i < 20; i++) {
      const first = await createSigner({ accessKey, secret, clock }).sign('https://api.example.com/v1/orders');
      codes.push(outcomeOf(await verifier.verify(await constant.sign(first))));
    }
    expect(codes.slice(0, 2)).toEqual(['ok', 'replayed_request']);
    expect(codes.at(-1)).toBe('rate_limited');
    expect((await byKey.get(accessKey))?.consumedPoints).toBeGreaterThan(4);
  });

  it('never stop an honest caller by address, however many requests it sends one after another', async () => {
    const { call, good } = limitedRig({ byAddress: await store.limiter({ points: 1, duration: 60 }) });
    for (let i = 0; i < 20; i++) expect(await call(good())).toBe('ok');
  });

  it('let no more guesses through at once than the budget has', async () => {
    const { call, good } = limitedRig({ byAddress: await store.limiter({ points: 3, duration: 60 }) });
    const codes = await Promise.all(Array.from({ length: 20 }, () => call(forged(good()))));
    expect(codes.filter((code) => code === 'signature_mismatch')).toHaveLength(3);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(17);
  });

  it('are told in the fields of RateLimit, on what is accepted and on 429', async () => {
    const byKey = await store.limiter({ points: 2, duration: 60 });
    const { signer, verifier } = rig({ limits: { byKey } });
    const handle = protect(verifier, () => new Response('hello'));
    const answers: Response[] = [];
    for (let i = 0; i < 3; i++) answers.push(await handle(await signer.sign(new Request(url))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    for (const { headers } of answers) expect(headers.get('ratelimit-policy')).toBe('"key";q=2;w=60');
    const rates = answers.map(({ headers }) => headers.get('ratelimit') ?? '');
    expect(rates.map((rate) => rate.replace(/t=(?:60|5\d)$/, 't'))).toEqual([
      '"key";r=1;t',
      '"key";r=0;t',
      '"key";r=0;t',
    ]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual([
      null,
      null,
      expect.stringMatching(/^(?:60|5\d)$/),
    ]);
  });

  it('that hang hold no request for long, and take nothing for it', async () => {
    if (!store.hang) return;
    const [byAddress, byKey] = [
      await store.limiter({ points: 1, duration: 60 }),
      await store.limiter({ points: 1, duration: 60 }),
    ];
    const [guarded, proved] = [limitedRig({ byAddress, timeout: 2000 }), limitedRig({ byKey, timeout: 2000 })];
    const release = await store.hang();
    onTestFinished(release);
    const answers = [guarded.call(guarded.good()), proved.call(proved.good())];
    expect(await Promise.all(answers)).toEqual(['limiter_unavailable', 'limiter_unavailable']);
    await release();
    await expect.poll(async () => (await byAddress.get(address))?.consumedPoints).toBe(0);
    await expect.poll(async () => (await byKey.get(proved.accessKey))?.consumedPoints).toBe(0);
    expect(await guarded.call(guarded.good())).toBe('ok');
    expect(await proved.call(proved.good())).toBe('ok');
  });

  it('that hang when something is given back hold no request either', async () => {
    if (!store.hang) return;
    const byAddress = await store.limiter({ points: 1, duration: 60 });
    const { accessKey, secret, signer } = rig();
    let release = async () => {};
    const find = async () => {
      release = (await store.hang?.()) ?? release;
      onTestFinished(release);
      return { accessKey, service: 'shop', secrets: [{ secret }] };
    };
    const clock = () => noon;
    const limits = { byAddress, timeout: 2000 };
    const verifier = createVerifier({ keys: { find }, replay: memoryReplay({ clock }), clock, limits });
    expect(await verifier.verify(received(signedParts(signer)), { address })).toMatchObject({ ok: true });
    await release();
    await expect.poll(async () => (await byAddress.get(address))?.consumedPoints).toBe(0);
  });

  it('that cannot be told refuse with 503, and never with 429', async () => {
    if (!store.kill) return;
    const limiter = await store.limiter({ points: 5, duration: 60 });
    await store.kill();
    for (const limits of [{ byAddress: limiter }, { byKey: limiter }]) {
      const { verifier, good, events } = limitedRig(limits);
      const { error, response } = refusal(await verifier.verify(received(good()), { address }));
      expect([error.code, response.status, response.headers['Retry-After']]).toEqual(['limiter_unavailable', 503, '1']);
      expect(response.headers).not.toHaveProperty('RateLimit');
      expect(events).toMatchObject([{ outcome: 'refused', code: 'limiter_unavailable' }]);
    }
  });
});

describe('the budget of an address', () => {
  const spent = async (limiter: RateLimiterMemory): Promise<number> =>
    (await limiter.get(address))?.consumedPoints ?? 0;

  it('is told when it is used up, and to nobody else', async () => {
    const { verifier, good } = limitedRig({ byAddress: new RateLimiterMemory({ points: 1, duration: 60 }) });
    const first = refusal(await verifier.verify(received(forged(good())), { address })).response;
    const second = refusal(await verifier.verify(received(forged(good())), { address })).response;
    expect([first.status, first.headers.RateLimit]).toEqual([401, undefined]);
    expect(second).toMatchObject({
      status: 429,
      headers: { 'RateLimit-Policy': '"address";q=1;w=60', RateLimit: '"address";r=0;t=60', 'Retry-After': '60' },
    });
    const accepted = await verifier.verify(received(good()), { address: '192.0.2.9' });
    expect(accepted).toMatchObject({ ok: true, headers: {} });
  });

  it('is not used up by a caller that is proved, whatever it may not do', async () => {
    const byAddress = new RateLimiterMemory({ points: 5, duration: 60 });
    const { verifier, good } = limitedRig({ byAddress, byKey: new RateLimiterMemory({ points: 1, duration: 60 }) });
    const scoped = await verifier.verify(received(good()), { address, scope: 'orders:write' });
    const over = await verifier.verify(received(good()), { address });
    expect([refusal(scoped).error.code, refusal(over).error.code]).toEqual(['insufficient_scope', 'rate_limited']);
    expect(refusal(over).response.headers).toMatchObject({ RateLimit: '"key";r=0;t=60' });
    expect(await spent(byAddress)).toBe(0);
  });

  it.each<[from: string, budget: string]>([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
    ['64:ff9b::c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1'],
    ['64:ff9b:1::c000:201', '64:ff9b:1::/64'],
    ['192.0.2.1:49152', '192.0.2.1'],
    ['[2001:db8::1]:49152', '2001:db8::/64'],
    ['unix:', 'unix:'],
    ['12345', '12345'],
    ['2001:db8::1, 192.0.2.1', '2001:db8::1, 192.0.2.1'],
  ])('%s is that of %s', async (from, budget) => {
    const drawn: string[] = [];
    const { call, good } = limitedRig({ byAddress: { consume: async (key) => void drawn.push(key) } });
    expect(await call(good(), from)).toBe('ok');
    expect(drawn).toEqual([budget]);
  });

  it('is one for all that an attacker has of a network of IPv6, and another next door', async () => {
    const { call, good } = limitedRig({ byAddress: new RateLimiterMemory({ points: 2, duration: 60 }) });
    const guesses = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3'].map((from) => call(forged(good()), from));
    expect(await Promise.all(guesses)).toEqual(['signature_mismatch', 'signature_mismatch', 'rate_limited']);
    expect(await call(good(), '2001:db8:0:1::1')).toBe('ok');
  });

  it.each([
    [56, '2001:db8:0:1200::/56'],
    [60, '2001:db8:0:1230::/60'],
    [128, '2001:db8:0:1234::1/128'],
  ])('has the first %i bits in common, where the provider says so', async (ipv6Prefix, budget) => {
    const drawn: string[] = [];
    const { call, good } = limitedRig({ byAddress: { consume: async (key) => void drawn.push(key) }, ipv6Prefix });
    expect(await call(good(), '2001:db8:0:1234::1')).toBe('ok');
    expect(drawn).toEqual([budget]);
  });

  it('is told to the audit by the address itself', async () => {
    const { call, good, events } = limitedRig({ byAddress: new RateLimiterMemory({ points: 2, duration: 60 }) });
    await call(good(), '2001:db8::1');
    expect(events).toMatchObject([{ address: '2001:db8::1' }]);
  });

  it('is not used up by faults of the server', async () => {
    const byAddress = new RateLimiterMemory({ points: 5, duration: 60 });
    const down = () => Promise.reject(new Error('down'));
    const stores: Partial<VerifierOptions>[] = [{ keys: { find: down } }, { replay: { claim: down } }];
    for (const store of stores) {
      const { call, good } = limitedRig({ byAddress }, store);
      expect(await call(good())).toMatch(/^(?:key|replay)_store_unavailable$/);
    }
    expect(await spent(byAddress)).toBe(0);
  });

  it('is drawn on by every request where the limiter takes nothing back', async () => {
    const limiter = new RateLimiterMemory({ points: 2, duration: 60 });
    const { call, good } = limitedRig({ byAddress: { consume: (key) => limiter.consume(key) } });
    expect([await call(good()), await call(good()), await call(good())]).toEqual(['ok', 'ok', 'rate_limited']);
  });

  it('decides nothing where it cannot be given back', async () => {
    const reward = () => Promise.reject(new Error('down'));
    const { call, good } = limitedRig({ byAddress: { consume: async () => undefined, reward } });
    expect(await call(good())).toBe('ok');
  });

  it('is taken from once, and given back once at most', async () => {
    const calls: string[] = [];
    const count = (name: string) => async () => void calls.push(name);
    const { call, good } = limitedRig({ byAddress: { consume: count('consume'), reward: count('reward') } });
    await call(good());
    await call(forged(good()));
    await call(bare(good()));
    expect(calls).toEqual(['consume', 'reward', 'consume', 'consume']);
  });
});

describe('a limiter', () => {
  it('may be a union of others', async () => {
    const union = new RateLimiterUnion(
      new RateLimiterMemory({ points: 1, duration: 1, keyPrefix: 'second' }),
      new RateLimiterMemory({ points: 1, duration: 60, keyPrefix: 'minute' }),
    );
    const { verifier, good } = limitedRig({ byKey: union });
    expect(await verifier.verify(received(good()))).toMatchObject({ ok: true, headers: {} });
    const { status, headers } = refusal(await verifier.verify(received(good()))).response;
    expect([status, headers['Retry-After']]).toEqual([429, '60']);
  });

  it.each<[answer: unknown, limiter: Partial<Limiter>, headers: Record<string, string>]>([
    [undefined, {}, {}],
    ['nonsense', { points: Number.NaN, duration: Infinity }, {}],
    [null, { points: 10 }, { 'RateLimit-Policy': '"key";q=10' }],
    [{ remainingPoints: 3 }, { points: 10, duration: 0 }, { 'RateLimit-Policy': '"key";q=10', RateLimit: '"key";r=3' }],
    [{ remainingPoints: -3, msBeforeNext: -1 }, {}, { RateLimit: '"key";r=0' }],
    [{ remainingPoints: 1e20, msBeforeNext: 1001 }, {}, {}],
    [{ remainingPoints: '3\r\nx: y' }, { points: '1\r\nx: y' as unknown as number }, {}],
  ])('that answers %j, and has %j, is told as %j', async (answer, rest, headers) => {
    const { verifier, good } = limitedRig({ byKey: { consume: async () => answer, ...rest } });
    expect(await verifier.verify(received(good()))).toMatchObject({ ok: true });
    const result = await verifier.verify(received(good()));
    expect(result.ok && result.headers).toEqual(headers);
  });

  it.each([{ timeout: 0 }, { timeout: Number.NaN }, { ipv6Prefix: 0 }, { ipv6Prefix: 129 }, { ipv6Prefix: 63.5 }])(
    'has no %j',
    (limits) => {
      expect(() => limitedRig(limits)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    },
  );

  it('that throws at once refuses with 503', async () => {
    const consume = () => {
      throw new Error('no client');
    };
    const { call, good } = limitedRig({ byAddress: { consume } });
    expect(await call(good())).toBe('limiter_unavailable');
  });
});
