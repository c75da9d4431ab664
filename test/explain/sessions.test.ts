import { createSigner, generateCredentials, issueBoundSession, issueSession } from 'countersign';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { rfc9421 } from 'countersign/schemes';
import { countersignV1, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { newPair } from '../server/bound-rig.ts';

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

describe.each([countersignV1, rfc9421()])(
  'a request of a session that is bound to a key pair, signed by $name',
  (scheme) => {
    const bound = async () => {
      const { privateKey, k: publicKey } = await newPair('Ed25519');
      return { privateKey, ...issueBoundSession(parent, { expiresIn: 900, publicKey }) };
    };
    const explained = async (accessKey: string, secret: string) =>
      explainSignature(await createSigner({ accessKey, secret, scheme }).sign('https://api.example.com/v1/orders'), {
        keys,
        scheme,
      });

    it.each([
      ["its parent's secret", parent.secret],
      ['the secret of a session', issueSession(parent, { expiresIn: 900 }).secret],
      ['another secret', generateCredentials().secret],
    ])('with %s, is explained by its binding alone', async (_, secret) => {
      const { accessKey } = await bound();
      const { code, differences } = await explained(accessKey, secret);
      expect(code).toBe('signature_mismatch');
      expect(differences).toEqual([
        {
          code: 'binding',
          message: expect.stringMatching(/bound to a key pair; .* shared secret, by (?:countersign-v1|hmac-sha256)\.$/),
          remedy: expect.stringContaining('rfc9421'),
          proven: true,
        },
      ]);
    });

    it('has no key if its parent has none', async () => {
      const { k: publicKey } = await newPair('Ed25519');
      const { accessKey } = issueBoundSession(generateCredentials(), { expiresIn: 900, publicKey });
      const { differences } = await explained(accessKey, parent.secret);
      expect(differences.map(({ code }) => code)).toEqual(['access-key']);
    });
  },
);

it('a request of a session that is bound to a key pair, signed with its private key, is explained by what differs', async () => {
  const { privateKey, k: publicKey } = await newPair('Ed25519');
  const { accessKey } = issueBoundSession(parent, { expiresIn: 900, publicKey });
  const scheme = rfc9421();
  const { url, headers } = await createSigner({ accessKey, secret: privateKey, scheme }).sign('https://a.example/b');
  const { differences } = await explainSignature(new Request(`${url}/`, { headers }), { keys, scheme });
  expect(differences.map(({ code }) => code)).toEqual(['path-slash']);
});
