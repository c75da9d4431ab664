import { createSigner, generateCredentials, issueSession } from 'countersign';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { rfc9421 } from 'countersign/schemes';
import { countersignV1, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';

const parent = generateCredentials();
const keys = memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [{ secret: parent.secret }] }]);

describe.each([countersignV1, rfc9421()])('a request of a session, signed by $name', (scheme) => {
  const session = issueSession(parent, { expiresIn: 900, subject: 'user-7' });
  const sign = (credentials: typeof session, body: string) =>
    createSigner({ ...credentials, scheme }).sign('https://api.example.com/v1/orders', { method: 'POST', body });

  it('verifies', async () => {
    const explanation = await explainSignature(await sign(session, 'body'), { keys, scheme });
    expect(explanation).toMatchObject({ verified: true, differences: [], key: { found: true } });
  });

  it('is explained by the secret of the session', async () => {
    const signed = await sign(session, 'body');
    const changed = new Request(signed.url.replace('orders', 'invoices'), {
      method: 'POST',
      headers: signed.headers,
      body: 'body',
    });
    const explanation = await explainSignature(changed, { keys, scheme, paths: ['/v1/orders'] });
    expect(explanation.verified).toBe(false);
    expect(explanation.key).toMatchObject({ found: true });
    expect(explanation.differences.map(({ code }) => code)).not.toContain('access-key');
  });

  it('is explained to the session of a key that explains', async () => {
    const record = {
      accessKey: parent.accessKey,
      service: 'shop',
      secrets: [{ secret: parent.secret }],
      explain: true,
    };
    const verifier = createVerifier({
      ...{ keys: memoryKeys([record]), replay: memoryReplay(), scheme },
      explain: explainRefusals({ timeout: 30_000 }),
    });
    const { url, headers } = await sign(session, 'body');
    const result = await verifier.verify(new Request(`${url}/`, { method: 'POST', headers, body: 'body' }));
    const { code, stringToSign, differences } = JSON.parse(result.ok ? '{}' : result.response.body);
    expect({ code, differences }).toMatchObject({ code: 'signature_mismatch', differences: [{ code: 'path-slash' }] });
    expect(stringToSign).toContain('/v1/orders/');
  });

  it('has no key if its parent has none', async () => {
    const foreign = issueSession(generateCredentials(), { expiresIn: 900 });
    const explanation = await explainSignature(await sign(foreign, 'body'), { keys, scheme });
    expect(explanation.differences.map(({ code }) => code)).toContain('access-key');
  });
});
