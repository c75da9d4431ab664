import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { outcomeOf, received } from '../../server/rig.ts';
import { address, linkRig, partsOf } from './link-rig.ts';

const client = '192.0.2.1';

describe('what the audit says of a link', () => {
  it('is whose link it was, and for which path, and nothing that could be used again', async () => {
    const { sign, use, events, accessKey } = linkRig();
    const [link, once] = [await sign(), await sign(address, { once: true })];
    await use(link);
    await use(once);
    await use(once);
    await use(link.replace('page=2', 'page=3'));
    await use(`${link}&utm_source=mail`);
    const common = { scheme: 'countersign-v1-link', path: '/v1/report.pdf', accessKey, method: 'GET' };
    const nonce = /nonce=(\w+)/.exec(once)?.[1];
    expect(events).toMatchObject([
      { outcome: 'accepted', ...common, nonce: undefined },
      { outcome: 'accepted', ...common, nonce },
      { outcome: 'refused', code: 'replayed_request', ...common, nonce },
      { outcome: 'refused', code: 'signature_mismatch', ...common },
      { outcome: 'refused', code: 'malformed_field', path: '/v1/report.pdf' },
    ]);
    const shown = JSON.stringify(events);
    for (const signature of [link.slice(-64), once.slice(-64)]) expect(shown).not.toContain(signature);
  });
});

describe('limits', () => {
  it('count a valid link against its key each time, and what fails against the address', async () => {
    const byAddress = new RateLimiterMemory({ points: 3, duration: 60 });
    const byKey = new RateLimiterMemory({ points: 2, duration: 60 });
    const { sign, verifier, accessKey } = linkRig({ limits: { byAddress, byKey } });
    const call = async (link: string) => outcomeOf(await verifier.verify(received(partsOf(link)), { address: client }));
    const link = await sign();
    expect([await call(link), await call(link), await call(link)]).toEqual(['ok', 'ok', 'rate_limited']);
    expect(await byAddress.get(client)).toMatchObject({ consumedPoints: 0 });
    const forged = link.replace('page=2', 'page=3');
    const codes = [await call(forged), await call(`${link}&a=1`), await call(address), await call(forged)];
    expect(codes).toEqual(['signature_mismatch', 'malformed_field', 'missing_signature', 'rate_limited']);
    expect(await byKey.get(accessKey)).toMatchObject({ consumedPoints: 3 });
  });

  it('count a replay of a link that works once against the address', async () => {
    const byAddress = new RateLimiterMemory({ points: 1, duration: 60 });
    const { sign, verifier } = linkRig({ limits: { byAddress } });
    const parts = partsOf(await sign(address, { once: true }));
    const call = async () => outcomeOf(await verifier.verify(received(parts), { address: client }));
    expect([await call(), await call(), await call()]).toEqual(['ok', 'replayed_request', 'rate_limited']);
  });
});
