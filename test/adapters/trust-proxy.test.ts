import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect as expressGate } from 'countersign/express';
import { protect as fastifyGate } from 'countersign/fastify';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import express5 from 'express';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { type App, listening } from './adapter.ts';
import { sendHttp1 } from './wire.ts';

// It comes without types, and what is used here of 5 is the same.
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

function expressApp(express: typeof express5, verifier: Verifier): Promise<App> {
  const app = express();
  app.set('trust proxy', true);
  app.use(expressGate(verifier), (request, response) => void response.send(request.ip));
  return listening(createServer(app));
}

async function fastifyApp(verifier: Verifier): Promise<App> {
  const app = Fastify({ trustProxy: true });
  app.register(fastifyGate(verifier));
  app.get('*', (request, reply) => reply.send(request.ip));
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { origin: app.listeningOrigin, close: () => app.close() };
}

it.each<[name: string, start: (verifier: Verifier) => Promise<App>]>([
  ['express 5', (verifier) => expressApp(express5, verifier)],
  ['express 4', (verifier) => expressApp(express4, verifier)],
  ['fastify', fastifyApp],
])('a gate in %s believes no headers that the framework is told to believe', async (_, start) => {
  const { accessKey, secret } = generateCredentials();
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
  });
  const { origin, close } = await start(verifier);
  const forged = { 'x-forwarded-for': '192.0.2.66', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
  const added = prepareRequest(createSigner({ accessKey, secret }), {
    method: 'GET',
    url: `${origin}/v1/orders`,
  }).headers;
  const call = (headers: Readonly<Record<string, string>>) =>
    sendHttp1(origin, { method: 'GET', target: '/v1/orders', headers: { ...forged, ...headers } });
  // The framework does believe them.
  expect((await call(added)).bytes.toString()).toBe('192.0.2.66');
  const elsewhere = prepareRequest(createSigner({ accessKey, secret }), {
    method: 'GET',
    url: 'https://evil.example/v1/orders',
  }).headers;
  expect((await call(elsewhere)).status).toBe(401);
  await close();
  expect(events).toMatchObject([
    { outcome: 'accepted', address: '127.0.0.1' },
    { code: 'signature_mismatch', address: '127.0.0.1' },
  ]);
});
