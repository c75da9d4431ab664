import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createSigner, generateCredentials } from 'countersign';
import { protect as protectExpress } from 'countersign/express';
import { protect as protectFastify } from 'countersign/fastify';
import { protect as protectHono } from 'countersign/hono';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { type RequestToSign, type SignedRequest, signRequest } from 'countersign/testing';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
const verifierOf = (publicOrigin?: string): Verifier =>
  createVerifier({ keys, replay: memoryReplay(), ...(publicOrigin !== undefined && { publicOrigin }) });

type Sent = { readonly status: number; readonly text: string };
type Target = (verifier: Verifier, request: SignedRequest) => Promise<Sent>;

/** What supertest does: the server listens on a port that is chosen at random. */
async function overHttp(server: Server, { method, url, headers, body }: SignedRequest): Promise<Sent> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sent = httpRequest({ port, method, path: url, headers }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const received = await text(response);
  server.close();
  return { status: response.statusCode ?? 0, text: received };
}

const targets: Readonly<Record<string, Target>> = {
  async "Hono's app.request"(verifier, { url, ...init }) {
    const app = new Hono();
    app.use(protectHono(verifier));
    app.all('*', async (c) => c.text(await c.req.text()));
    const response = await app.request(url, init);
    return { status: response.status, text: await response.text() };
  },
  async "Fastify's inject"(verifier, request) {
    const app = fastify();
    await app.register(protectFastify(verifier));
    app.all('/*', ({ body }, reply) => reply.send(typeof body === 'string' ? body : JSON.stringify(body ?? '')));
    const response = await app.inject(request);
    return { status: response.statusCode, text: response.body };
  },
  async 'an Express app on a random port'(verifier, request) {
    const app = express();
    app.use(protectExpress(verifier));
    app.all('/*path', express.text({ type: '*/*' }), ({ body }, response) => void response.send(body));
    return overHttp(app.listen(0, '127.0.0.1'), request);
  },
};

const requests: ReadonlyArray<[string, RequestToSign]> = [
  ['a GET with a query', { url: "/v1/orders?q=a%20b&c=it's" }],
  ['JSON', { method: 'POST', url: '/v1/orders', json: { sku: 'Ä-1' } }],
  ['text with headers', { method: 'PUT', url: '/v1/orders', headers: { 'Content-Type': 'text/plain' }, body: 'x' }],
];

describe.each(Object.entries(targets))('signRequest for %s', (_, call) => {
  it.each(requests)('signs %s', async (_, request) => {
    const { status, text: received } = await call(verifierOf(), await signRequest(signer, request));
    expect([status, received]).toEqual([200, expect.stringContaining(request.body ?? (request.json ? 'Ä-1' : ''))]);
  });

  it('signs for the public origin of a server', async () => {
    const origin = 'https://api.example.com:8443';
    const request = await signRequest(signer, { url: `${origin}/v1/orders` });
    expect((await call(verifierOf(origin), request)).status).toBe(200);
    const other = await signRequest(signer, { url: 'https://other.example/v1/orders' });
    expect((await call(verifierOf(origin), other)).status).toBe(401);
  });

  it('signs what cannot be changed afterwards', async () => {
    const request = await signRequest(signer, { method: 'POST', url: '/v1/orders', json: { sku: 'A-1' } });
    expect((await call(verifierOf(), { ...request, body: '{"sku":"A-2"}' })).status).toBe(401);
    expect((await call(verifierOf(), { ...request, url: '/v1/others' })).status).toBe(401);
  });
});

describe('signRequest', () => {
  it('returns the method, the target and all headers', async () => {
    const request = await signRequest(signer, {
      method: 'DELETE',
      url: '/v1/orders/7',
      headers: { Accept: 'text/plain' },
    });
    expect(request).toMatchObject({
      method: 'DELETE',
      url: '/v1/orders/7',
      headers: { accept: 'text/plain', host: 'localhost', 'x-api-key': accessKey },
    });
    expect(request).not.toHaveProperty('body');
  });

  it('signs with a key pair', async () => {
    const { privateKey } = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    const pair = createSigner({ accessKey: 'page-1', secret: privateKey, scheme: rfc9421() });
    expect((await signRequest(pair, { url: '/' })).headers).toHaveProperty('signature');
  });

  it('refuses unknown options, such as the payload of inject', async () => {
    await expect(signRequest(signer, { url: '/', payload: 'x' } as never)).rejects.toThrow('has no option "payload"');
  });
});
