import { createSigner } from 'countersign';
import { azureAppConfiguration, countersignV1, defineScheme } from 'countersign/schemes';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';

const azure = defineScheme(azureAppConfiguration);
const secret = 'this is no base64, and long enough';
const keys = memoryKeys([
  { accessKey: 'known', service: 'shop', secrets: [{ secret }] },
  { accessKey: 'revoked', service: 'shop', secrets: [{ secret }], revoked: true },
]);

function world() {
  const events: AuditEvent[] = [];
  const points: string[] = [];
  const byAddress = {
    consume: async (key: string | number) => void points.push(`took ${key}`),
    reward: async (key: string | number) => void points.push(`gave ${key}`),
  };
  const verifier = createVerifier({
    ...{ keys, replay: memoryReplay(), scheme: [countersignV1, azure] },
    audit: (event) => void events.push(event),
    limits: { byAddress },
  });
  return { verifier, events, points };
}

it.each(['known', 'revoked', 'unknown'])(
  'a stranger who uses a scheme that cannot use the secret of a %s key learns nothing, and pays',
  async (accessKey) => {
    const { verifier, events, points } = world();
    const guess = createSigner({
      accessKey,
      secret: Buffer.from('0123456789abcdef').toString('base64'),
      scheme: azure,
    });
    const result = await verifier.verify(await guess.sign('https://api.example.com/'), { address: '192.0.2.1' });
    const response = result.ok ? undefined : result.response;
    expect(response?.status).toBe(401);
    expect(JSON.parse(response?.body ?? '')).toMatchObject({ code: 'invalid_signature' });
    expect(points).toEqual(['took 192.0.2.1']);
    if (accessKey === 'known')
      expect(events[0]?.message).toContain('cannot be used by the scheme azure-app-configuration');
  },
);

it('the key still signs by the scheme that can use its secret', async () => {
  const { verifier } = world();
  const signed = await createSigner({ accessKey: 'known', secret }).sign('https://api.example.com/');
  expect((await verifier.verify(signed)).ok).toBe(true);
});
