import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createSigner, generateCredentials } from 'countersign';
import { explainSignature, type SignatureExplanation } from 'countersign/explain';
import { receivedFromNode } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { expect, it } from 'vitest';
import { codesOf } from './partner.ts';

const credentials = generateCredentials();
const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
const verifier = createVerifier({ keys, replay: memoryReplay() });
const pythonJson = '{"sku": "A-1"}';
const compactJson = '{"sku":"A-1"}';

/** Signs one body and sends another one to a real server. */
async function sendTo(listener: RequestListener, sent = compactJson): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/orders`;
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const { headers } = await createSigner(credentials).sign(url, { ...init, body: pythonJson });
    await fetch(url, { method: 'POST', headers, body: sent });
  } finally {
    server.close();
  }
}

async function explainedBy(
  explain: (request: IncomingMessage) => Promise<SignatureExplanation>,
  sent?: string,
): Promise<SignatureExplanation> {
  let explained: Promise<SignatureExplanation> | undefined;
  await sendTo((request, response) => {
    explained = explain(request);
    explained.catch(() => {}).finally(() => response.end());
  }, sent);
  if (!explained) throw new Error('The server received no request.');
  return explained;
}

it('explains on node:http the body that the verifier has read and refused', async () => {
  const explanation = await explainedBy(async (request) => {
    const received = receivedFromNode(request);
    const result = await verifier.verify(received);
    expect(result).toMatchObject({ ok: false, error: { code: 'body_digest_mismatch' } });
    return explainSignature(received, { keys });
  });
  expect(codesOf(explanation)).toEqual(['body-serialised']);
  expect(explanation.body.bytes).toBe(compactJson.length);
});

it('finds that body also in a copy of the request', async () => {
  const explanation = await explainedBy(async (request) => {
    const received = receivedFromNode(request);
    await verifier.verify(received);
    return explainSignature({ ...received }, { keys });
  });
  expect(codesOf(explanation)).toEqual(['body-serialised']);
});

it('takes the bytes that something else has read', async () => {
  const explanation = await explainedBy(async (request) => {
    const body = await buffer(request);
    await expect(explainSignature(receivedFromNode(request), { keys })).rejects.toMatchObject({
      code: 'body_consumed',
    });
    return explainSignature(receivedFromNode(request, { body }), { keys });
  });
  expect(codesOf(explanation)).toEqual(['body-serialised']);
});

it('refuses the stream that an accepted request has spent, and explains the verified request', async () => {
  const explanation = await explainedBy(async (request) => {
    const received = receivedFromNode(request);
    const result = await verifier.verify(received);
    if (!result.ok) throw result.error;
    await expect(explainSignature(received, { keys })).rejects.toMatchObject({ code: 'body_consumed' });
    return explainSignature(result.request, { keys });
  }, pythonJson);
  expect(explanation).toMatchObject({ verified: true, body: { bytes: pythonJson.length } });
});

it('refuses options that receivedFromNode does not have', async () => {
  await sendTo((request, response) => {
    expect(() => receivedFromNode(request, { bytes: new Uint8Array() } as object)).toThrow('has no option "bytes"');
    response.end();
  });
});

const toRequest = async (): Promise<Request> => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const signed = await createSigner(credentials).sign('https://api.example.com/v1', { ...init, body: pythonJson });
  return new Request(signed.url, { method: 'POST', headers: signed.headers, body: compactJson });
};

it('explains a web Request after its verification', async () => {
  const request = await toRequest();
  expect((await verifier.verify(request)).ok).toBe(false);
  expect(request.bodyUsed).toBe(true);
  expect(codesOf(await explainSignature(request, { keys }))).toEqual(['body-serialised']);
  // Any number of times.
  expect(codesOf(await explainSignature(request, { keys }))).toEqual(['body-serialised']);
});

it('says of a web Request that somebody else has read that it is consumed', async () => {
  const request = await toRequest();
  await request.text();
  await expect(explainSignature(request, { keys })).rejects.toMatchObject({ code: 'body_consumed' });
});

it('limits a body that was read before like any other', async () => {
  const request = await toRequest();
  await verifier.verify(request);
  await expect(explainSignature(request, { keys, maxBodyBytes: 5 })).rejects.toMatchObject({ code: 'body_too_large' });
});

async function* toChunks(): AsyncGenerator<Uint8Array, void, void> {
  yield new TextEncoder().encode(compactJson);
}

async function toReceived(body: ReceivedRequest['body']): Promise<ReceivedRequest> {
  const { headers } = await toRequest();
  return { method: 'POST', authority: 'api.example.com', target: '/v1', scheme: 'https', headers, body };
}

const toStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(compactJson));
      controller.close();
    },
  });

it.each([
  ['a generator', toChunks],
  ['a web stream', toStream],
])('takes %s that was read for no empty body', async (_, toBody) => {
  const received = await toReceived(toBody());
  await explainSignature(received, { keys });
  await expect(explainSignature(received, { keys })).rejects.toMatchObject({ code: 'body_consumed' });
  const again = await verifier.verify(received);
  expect(again).toMatchObject({ ok: false, error: { code: 'body_consumed' } });
});

it('takes a stream that was read and released for no empty body', async () => {
  const body = toStream();
  const reader = body.getReader();
  while (!(await reader.read()).done);
  reader.releaseLock();
  await expect(explainSignature(await toReceived(body), { keys })).rejects.toMatchObject({ code: 'body_consumed' });
});

it('explains a record without its body, and says nothing of the body', async () => {
  const { headers } = await toRequest();
  const request = { ...(await toReceived(undefined)), headers, target: '/v1/' };
  const explanation = await explainSignature(request, { keys, withoutBody: true });
  expect(codesOf(explanation)).toEqual(['path-slash']);
  expect(explanation.body).toMatchObject({ unknown: true, signed: 'digest', expected: expect.any(String) });
  expect(explanation.body).not.toHaveProperty('fits');
  const right = await explainSignature({ ...request, target: '/v1' }, { keys, withoutBody: true });
  expect(right).toMatchObject({ verified: true, differences: [] });
});
