// Node 20 drops header lines above a limit, and frames the body by those that it has dropped. Newer versions respond with 431.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createSigner, generateCredentials } from 'countersign';
import { protect as expressGate } from 'countersign/express';
import { protect as fastifyGate } from 'countersign/fastify';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { protect as honoGate, type SignedEnv } from 'countersign/hono';
import { protect } from 'countersign/node';
import { type CorsOptions, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { expect, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
let charged: string[] = [];
let audited: unknown[] = [];
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
  replay: memoryReplay(),
  limits: { byAddress: { consume: async (key) => void charged.push(key) } },
  audit: ({ code }) => void audited.push(code),
});
const signer = createSigner({ accessKey, secret });

let handled: string[] = [];
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  handled.push(body);
  response.end('handled');
}

type Options = { readonly cors?: CorsOptions };
type Create = (options: Options, upstream: string) => Promise<RequestListener> | RequestListener;

const adapters: Readonly<Record<string, Create>> = {
  node: (options) => protect(verifier, handle, options),
  express: (options) => express().use(expressGate(verifier, options), handle),
  hono: (options) => {
    const app = new Hono<SignedEnv>().use(honoGate(verifier, options));
    app.all('*', async (c) => c.text(`${handled.push(await c.req.text())}`));
    return getRequestListener(app.fetch);
  },
  fastify: async (options) => {
    const app = fastify();
    await app.register(fastifyGate(verifier, options));
    app.route({
      method: ['POST', 'DELETE'],
      url: '/orders',
      handler({ raw }, reply) {
        reply.hijack();
        return handle(raw, reply.raw);
      },
    });
    await app.ready();
    return (request, response) => void app.routing(request, response);
  },
  reverseProxy: (options, upstream) => reverseProxy(verifier, { ...options, upstream }),
};

async function listen(listener: RequestListener): Promise<{ readonly host: string; readonly server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Sends lines as they are, and returns the status. */
async function statusOf(host: string, lines: readonly string[], body = ''): Promise<number> {
  const received = await new Promise<string>((resolve) => {
    const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('close', () => resolve(text)).on('error', () => {});
    socket.write(`${[...lines, 'Connection: close', '', ''].join('\r\n')}${body}`);
  });
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]);
}

async function signedLines(host: string, init: RequestInit): Promise<readonly string[]> {
  const request = await signer.sign(`http://${host}/orders`, init);
  return [
    `${request.method} /orders HTTP/1.1`,
    `Host: ${host}`,
    ...[...request.headers].map((pair) => pair.join(': ')),
  ];
}

const many = Array<string>(1100).fill('a:');

it.each(
  Object.entries(adapters).flatMap(([name, create]) => [
    [name, {}, create] as const,
    [`${name}, for pages of other origins`, { cors: { origins: '*' } } as const, create] as const,
  ]),
)('accepts nothing of which a header may be lost: %s', async (name, options, create) => {
  handled = [];
  audited = [];
  charged = [];
  const backend = await listen(handle);
  const { host, server } = await listen(await create(options, `http://${backend.host}`));
  const post = await signedLines(host, { method: 'POST' });
  expect(await statusOf(host, [...post, ...many, 'Content-Length: 6'], 'FORGED')).toBe(400);
  const remove = await signedLines(host, { method: 'DELETE', headers: { 'If-Match': '"1"' } });
  const late = remove.filter((line) => line.startsWith('if-match'));
  const early = remove.filter((line) => !late.includes(line));
  expect(await statusOf(host, [...early, ...many, ...late])).toBe(400);
  expect(handled).toEqual([]);
  // The gateway refuses them before it verifies.
  if (!name.startsWith('reverseProxy'))
    expect([charged.length, audited]).toEqual([2, Array(2).fill('malformed_field')]);
  expect(await statusOf(host, await signedLines(host, { method: 'POST' }))).toBe(200);
  for (const one of [server, backend.server]) one.close();
});

it('grants no forwarded request of which a header may be lost', async () => {
  const { host, server } = await listen(forwardAuth(verifier, { dialect: 'nginx' }));
  const { headers } = await signer.sign('https://api.example.com/orders');
  const lines = [
    'GET /auth HTTP/1.1',
    `Host: ${host}`,
    'X-Original-Method: GET',
    'X-Original-URI: /orders',
    'X-Original-Host: api.example.com',
    'X-Original-Proto: https',
    'X-Original-Address: 192.0.2.9',
    ...[...headers].map((pair) => pair.join(': ')),
  ];
  expect(await statusOf(host, [...lines, ...many, 'X-Countersign-Service: admin'])).toBeGreaterThanOrEqual(400);
  expect(await statusOf(host, lines)).toBeLessThan(300);
  server.close();
});
