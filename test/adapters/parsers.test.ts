import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { createSigner, generateCredentials, signedFetch } from 'countersign';
import { callerOf, keepRawBody, protect } from 'countersign/express';
import { callerOf as callerInFastify, protect as fastifyGate } from 'countersign/fastify';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import express5, { type RequestHandler } from 'express';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, listening } from './adapter.ts';

// It comes without types, and what is used here of 5 is the same.
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });

function judged() {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
  });
  return { verifier, events };
}

const post = (origin: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  signedFetch(signer)(`${origin}/v1/orders`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe.each([
  ['express 5', express5],
  ['express 4', express4],
])('%s', (_, express) => {
  async function app(...before: readonly RequestHandler[]): Promise<App & { events: AuditEvent[] }> {
    const { verifier, events } = judged();
    const made = express();
    for (const one of before) made.use(one);
    made.use(protect(verifier), express.json());
    made.use((request, response) => {
      response.json({ parsed: request.body, bytes: callerOf(request).body?.length });
    });
    const opened = await listening(createServer(made));
    closing.push(opened.close);
    return { ...opened, events };
  }

  it('parses after the gate what the gate has verified', async () => {
    const { origin } = await app();
    expect(await (await post(origin, '{ "sku": "Ä" }')).json()).toEqual({ parsed: { sku: 'Ä' }, bytes: 15 });
    const long = JSON.stringify({ text: 'x'.repeat(90_000) });
    expect(await (await post(origin, long)).json()).toEqual({ parsed: JSON.parse(long), bytes: long.length });
  });

  it('parses after the gate what is compressed, which is verified as sent', async () => {
    const { origin } = await app();
    const packed = Uint8Array.from(gzipSync('{"sku":"A-1"}'));
    const answer = await post(origin, packed, { 'content-encoding': 'gzip' });
    expect(await answer.json()).toEqual({ parsed: { sku: 'A-1' }, bytes: packed.length });
  });

  it('verifies the bytes that a parser before the gate has kept', async () => {
    const { origin } = await app(express.json({ verify: keepRawBody }));
    const text = '{ "sku" :  "A-1" }';
    expect(await (await post(origin, text)).json()).toEqual({ parsed: { sku: 'A-1' }, bytes: text.length });
    expect((await signedFetch(signer)(`${origin}/v1/orders`)).status).toBe(200);
  });

  it('says who has eaten the body, where a parser before the gate kept nothing', async () => {
    const { origin, events } = await app(express.json());
    const answer = await post(origin, '{"sku":"A-1"}');
    expect([answer.status, await answer.json()]).toEqual([500, expect.objectContaining({ code: 'body_parsed' })]);
    expect(events).toMatchObject([{ outcome: 'refused', code: 'body_parsed' }]);
  });

  it('does not take for the body what a parser has unpacked', async () => {
    const { origin } = await app(express.json({ verify: keepRawBody }));
    const answer = await post(origin, Uint8Array.from(gzipSync('{}')), { 'content-encoding': 'gzip' });
    expect([answer.status, (await answer.json()).code]).toEqual([500, 'body_parsed']);
  });

  it('says that the body is gone, where something has read it', async () => {
    const { origin } = await app((request, _response, next) => {
      request.on('data', () => {}).on('end', () => next());
    });
    const answer = await post(origin, '{"sku":"A-1"}');
    expect([answer.status, (await answer.json()).code]).toEqual([500, 'body_consumed']);
  });

  it('takes the place of nobody: without a gate there is no caller', async () => {
    const made = express();
    made.use((request, response) => {
      expect(() => callerOf(request)).toThrow(/has not been verified/);
      response.end();
    });
    const opened = await listening(createServer(made));
    closing.push(opened.close);
    expect((await fetch(opened.origin)).status).toBe(200);
  });
});

it('fastify parses after the gate what the gate has verified', async () => {
  const { verifier } = judged();
  const app = Fastify();
  await app.register(fastifyGate(verifier));
  app.post('/v1/orders', (request) => ({ parsed: request.body, bytes: callerInFastify(request).body?.length }));
  closing.push(() => app.close());
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  expect(await (await post(origin, '{ "sku": "A-1" }')).json()).toEqual({ parsed: { sku: 'A-1' }, bytes: 16 });
});
