// A verifier whose publicOrigin is not the origin that callers use: the fault of its configuration, and not of the caller.
import { createSigner, generateCredentials } from 'countersign';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { expect, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], explain: true }]);
const publicOrigin = 'https://api.example.com';
const signed = await createSigner({ accessKey, secret }).sign('http://localhost:8108/v1/orders');

const received: ReceivedRequest = {
  method: 'GET',
  authority: 'localhost:8108',
  target: '/v1/orders',
  headers: new Headers([...signed.headers, ['host', 'localhost:8108']]),
};

it('says of a request of Node that the configuration is wrong', async () => {
  const { differences } = await explainSignature(received, { keys, publicOrigin });
  expect(differences).toMatchObject([{ code: 'host', proven: true }]);
  expect(differences[0]?.message).toContain('localhost:8108, which it called; by its configuration the server');
  expect(differences[0]?.remedy).toContain('set publicOrigin');
});

it('says so of a web Request, which has no Host header', async () => {
  const request = new Request('http://localhost:8108/v1/orders', { headers: signed.headers });
  const { differences } = await explainSignature(request, { keys, publicOrigin });
  expect(differences).toMatchObject([{ code: 'host', remedy: expect.stringContaining('localhost:8108') }]);
});

it('says so in the refusal', async () => {
  const explain = explainRefusals({ timeout: 30_000 });
  const verifier = createVerifier({ keys, replay: memoryReplay(), publicOrigin, explain });
  const result = await verifier.verify(received);
  expect(JSON.parse(result.ok ? '' : result.response.body)).toMatchObject({
    differences: [{ message: expect.stringContaining('by its configuration the server') }],
  });
});

it('says that a search was cut short, and not that nothing was found', async () => {
  const explain = explainRefusals({ timeout: 1e-9 });
  const verifier = createVerifier({ keys, replay: memoryReplay(), publicOrigin, explain });
  const result = await verifier.verify(received);
  expect(JSON.parse(result.ok ? '' : result.response.body)).toMatchObject({
    detail: expect.stringContaining('was cut short'),
  });
});
