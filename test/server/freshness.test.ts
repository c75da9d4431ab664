import { createSigner } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, rig, signedParts } from './rig.ts';

describe('the tolerance', () => {
  it.each([
    [300_000, undefined, 'ok'],
    [300_001, undefined, 'stale_timestamp'],
    [-300_000, undefined, 'ok'],
    [-300_001, undefined, 'future_timestamp'],
    [0, 1, 'ok'],
    [1000, 1, 'ok'],
    [1001, 1, 'stale_timestamp'],
    [-1000, 1, 'ok'],
    [-1001, 1, 'future_timestamp'],
    [500, 0.5, 'ok'],
    [501, 0.5, 'stale_timestamp'],
    [1e12, undefined, 'stale_timestamp'],
    [-1e12, undefined, 'future_timestamp'],
  ])('lets in to the millisecond: %i ms late, %s s tolerated, is %s', async (late, tolerance, code) => {
    const { signer, verifier, time } = rig(tolerance === undefined ? {} : { tolerance });
    const parts = signedParts(signer);
    time.now = noon + late;
    expect(await judge(verifier, parts)).toBe(code);
  });

  it.each([0, -1, Number.NaN, Infinity, -Infinity])('cannot be %d', (tolerance) => {
    expect(() => rig({ tolerance })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it.each([-1, Number.NaN])('cannot go with maxBodyBytes of %d', (maxBodyBytes) => {
    expect(() => rig({ maxBodyBytes })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('a clock that is broken', () => {
  it.each([Number.NaN, Infinity, -Infinity, undefined, 'now', {}])('and says %s lets nobody in', async (now) => {
    const { accessKey, secret, signer } = rig();
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
    const clock = () => now as number;
    const verifier = createVerifier({ keys, replay: memoryReplay({ clock: () => noon }), clock });
    expect(await judge(verifier, signedParts(signer))).not.toBe('ok');
  });

  it('is no way in for the replay store either', async () => {
    const replay = memoryReplay({ clock: () => Number.NaN });
    const { signer, verifier } = rig({ replay });
    expect(await judge(verifier, signedParts(signer))).toBe('replay_store_unavailable');
  });
});

describe('a nonce', () => {
  it('is remembered for as long as the request could come again', async () => {
    for (const early of [300_000, 0, -300_000]) {
      const { accessKey, secret, verifier, time } = rig();
      // The caller's clock is wrong by as much as is tolerated.
      const parts = signedParts(createSigner({ accessKey, secret, clock: () => noon + early }));
      expect(await judge(verifier, parts)).toBe('ok');
      for (let now = noon; now <= noon + early + 300_000; now += 50_000) {
        time.now = now;
        expect(await judge(verifier, parts)).toBe('replayed_request');
        // Others come and go, so that generations change.
        expect(await judge(verifier, signedParts(createSigner({ accessKey, secret, clock: () => now })))).toBe('ok');
      }
      time.now = noon + early + 300_001;
      expect(await judge(verifier, parts)).toBe('stale_timestamp');
    }
  });

  it('is its key’s own: the same may be used with another', async () => {
    const [one, two] = [rig(), rig()];
    const keys = memoryKeys(
      [one, two].map(({ accessKey, secret }) => ({ accessKey, service: 'a', secrets: [{ secret }] })),
    );
    const clock = () => noon;
    const verifier = createVerifier({ keys, replay: memoryReplay({ clock }), clock });
    const nonce = () => 'the-same-nonce-for-both';
    for (const { accessKey, secret } of [one, two]) {
      expect(await judge(verifier, signedParts(createSigner({ accessKey, secret, clock, nonce })))).toBe('ok');
    }
  });

  it.each([
    'a'.repeat(15),
    'a'.repeat(129),
    `${'a'.repeat(16)}=`,
    `${'a'.repeat(16)}+`,
    'a nonce with spaces in it',
    `${'a'.repeat(16)}\n`,
    `é${'a'.repeat(16)}`,
    '',
  ])('cannot be %j', async (nonce) => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer);
    expect(await judge(verifier, { ...parts, headers: { ...parts.headers, 'x-api-nonce': nonce } })).toBe(
      'malformed_field',
    );
  });
});
