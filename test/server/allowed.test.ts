import { retirementFetch, signedFetch } from 'countersign';
import { createVerifier, type KeyRecord, memoryKeys, memoryReplay, protect } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { noon, outcomeOf, received, rig, signedParts } from './rig.ts';

/** What comes of a request from an address by a key with this record. */
async function outcome(record: Partial<KeyRecord>, address?: string) {
  const { signer, verifier } = rig({ record });
  return outcomeOf(await verifier.verify(received(signedParts(signer)), address === undefined ? {} : { address }));
}

describe('a key', () => {
  it.each<[string[], string | undefined, string]>([
    [['192.0.2.0/24'], '192.0.2.77', 'ok'],
    [['192.0.2.0/24'], '::ffff:192.0.2.77', 'ok'],
    [['192.0.2.0/24'], '192.0.3.1', 'address_not_allowed'],
    [['192.0.2.7'], '192.0.2.7', 'ok'],
    [['192.0.2.7'], '192.0.2.70', 'address_not_allowed'],
    [['2001:db8::/32', '192.0.2.7'], '2001:DB8:1::1', 'ok'],
    [['2001:db8::1'], '2001:db8:0:0:0:0:0:1', 'ok'],
    [['2001:db8::/32'], '192.0.2.7', 'address_not_allowed'],
    [['0.0.0.0/0'], '::1', 'address_not_allowed'],
    [['192.0.2.0/24'], undefined, 'address_not_allowed'],
    [['192.0.2.0/24'], '192.0.2.1, 10.0.0.1', 'address_not_allowed'],
    [['192.0.2.0/24'], '0xc0.0.2.1', 'address_not_allowed'],
    [['10.0.0.0/8'], '012.0.0.1', 'address_not_allowed'],
    [['10.0.0.0/8'], '10.1', 'address_not_allowed'],
    [['::ffff:192.0.2.0/120'], '192.0.2.77', 'ok'],
    [['0.0.0.0/0'], '192.0.2.7', 'ok'],
    [[], '192.0.2.1', 'address_not_allowed'],
  ])('for %j used from %s: %s', async (addresses, address, code) => {
    expect(await outcome({ addresses }, address)).toBe(code);
  });

  it('with a range that is none is refused when it is given, and is a fault of the store when it comes from one', async () => {
    expect(() => rig({ record: { addresses: ['192.0.2.0/33'] } })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
    const { accessKey, secret, signer } = rig();
    const keys = { find: () => ({ accessKey, service: 'shop', secrets: [{ secret }], addresses: ['nowhere'] }) };
    const verifier = createVerifier({ keys, replay: memoryReplay(), clock: () => noon });
    const result = await verifier.verify(received(signedParts(signer)), { address: '192.0.2.1' });
    expect(outcomeOf(result)).toBe('key_store_unavailable');
  });

  it.each<[Partial<KeyRecord>, string]>([
    [{ schemes: ['countersign-v1'] }, 'ok'],
    [{ schemes: ['rfc9421'] }, 'scheme_not_allowed'],
    [{ schemes: [] }, 'scheme_not_allowed'],
    [{ algorithms: ['hmac-sha256'] }, 'ok'],
    [{ algorithms: ['ed25519'] }, 'scheme_not_allowed'],
  ])('with %j: %s', async (record, code) => {
    expect(await outcome(record)).toBe(code);
  });
});

describe('a retiring secret', () => {
  it('is told in the answer, heard once by the client, and named in the audit', async () => {
    const until = noon + 3_600_000;
    const { accessKey, secret, signer } = rig();
    const secretIds: unknown[] = [];
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ id: 'old', secret, expiresAt: until }] }]),
      replay: memoryReplay({ clock: () => noon }),
      clock: () => noon,
      audit: ({ secretId }) => {
        secretIds.push(secretId);
      },
    });
    const handler = protect(verifier, () => new Response('ok', { headers: { 'X-Own': 'kept' } }), {
      countersign: 'always',
    });
    const heard: Date[] = [];
    const send = retirementFetch(signer, {
      fetch: signedFetch(signer, { fetch: async (input, init) => handler(new Request(input, init)) }),
      onRetirement: (retiresAt) => {
        heard.push(retiresAt);
        throw new Error('of the listener');
      },
    });
    for (let i = 0; i < 3; i += 1) {
      const response = await send('https://api.example.com/v1/orders');
      expect(response.headers.get('x-api-secret-retires')).toBe(String(until / 1000));
      expect([await response.text(), response.headers.get('x-own')]).toEqual(['ok', 'kept']);
    }
    expect(heard).toEqual([new Date(until)]);
    expect(secretIds).toEqual(['old', 'old', 'old']);
  });

  it('is no news where nothing retires, and where the header is nonsense', async () => {
    const heard: Date[] = [];
    for (const value of ['', 'soon', '-1', '1e9', '9'.repeat(13)]) {
      const answer = async () => new Response(null, { headers: { 'X-API-Secret-Retires': value } });
      await retirementFetch(rig().signer, { fetch: answer, onRetirement: (at) => heard.push(at) })(
        'https://api.example.com/',
      );
    }
    expect(heard).toEqual([]);
  });
});
