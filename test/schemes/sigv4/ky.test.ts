import { createSigner } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busy, versions } from '../../client/ky-versions.ts';
import { type Bridge, startBridge } from '../../server-bridge.ts';
import { accessKey, secret } from './peers.ts';
import { verifierOf } from './rig.ts';

const scope = { region: 'us-east-1', service: 'execute-api' };

describe.each(versions)('$name', ({ api }) => {
  describe.each([sigv4(scope), presign(scope)])('with $name', (scheme) => {
    let bridge: Bridge;
    let answer: ReturnType<typeof busy> = () => undefined;
    // A clock that never stands still, because the same request in the same second is a replay.
    let ticks = Date.now() - 60_000;
    const clock = () => {
      ticks += 1000;
      return ticks;
    };
    const signer = createSigner({ accessKey, secret, scheme, clock });
    beforeAll(async () => {
      bridge = await startBridge({ verifier: verifierOf(scheme), answer: (exchange) => answer(exchange) });
    });
    afterAll(() => bridge.close());

    it('signs every attempt anew', async () => {
      answer = busy(2);
      bridge.exchanges.length = 0;
      const found = await api(signer, bridge.origin).get('orders', { searchParams: 'q=a+b%20c&k' }).json();
      expect(found).toMatchObject({ method: 'GET' });
      expect(bridge.exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code))).toEqual(['ok', 'ok', 'ok']);
      const dates = bridge.exchanges.map(
        ({ request }) => request.headers.get('x-amz-date') ?? /X-Amz-Date=\w+/.exec(request.target)?.[0],
      );
      expect(new Set(dates).size).toBe(3);
      expect(bridge.exchanges[2]?.request.target.split('X-Amz-Signature').length).toBeLessThan(3);
    });

    it('signs the body that ky sends', async () => {
      answer = busy(1);
      bridge.exchanges.length = 0;
      const found = await api(signer, bridge.origin)
        .put('orders', { json: { a: 'ü' } })
        .json();
      expect(found).toMatchObject({ method: 'PUT', text: '{"a":"ü"}', type: 'application/json' });
      expect(bridge.exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code))).toEqual(['ok', 'ok']);
    });
  });
});
