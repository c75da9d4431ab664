import 'reflect-metadata';
import { createServer, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createSigner, generateCredentials, signedFetch } from 'countersign';
import { callerOf, protect } from 'countersign/express';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { listening } from './adapter.ts';
import { sendHttp1 } from './wire.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const send = signedFetch(signer);
const gate = () =>
  protect(
    createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
    }),
  );

const answer: RequestHandler = (request, response) => {
  const { body } = request;
  response.json({ parsed: Buffer.isBuffer(body) ? [...body] : body, bytes: callerOf(request).body?.length });
};

/** A function of Google Cloud, or of Firebase, whose framework parses every body. */
async function startFunction(): Promise<string> {
  http('api', express().use(gate(), answer));
  const { origin, close } = await listening(getTestServer('api'));
  closing.push(close);
  return origin;
}

/** An app of NestJS, with middleware of a module: that comes after Nest's own parsers. */
async function createNest(middleware: readonly RequestHandler[], rawBody: boolean): Promise<INestApplication> {
  class App {
    configure(consumer: { apply(...handlers: unknown[]): { forRoutes(path: string): void } }) {
      consumer.apply(...middleware).forRoutes('{*path}');
    }
  }
  Module({})(App);
  const app: INestApplication = await NestFactory.create(App, { rawBody, logger: false });
  closing.push(() => app.close());
  return app;
}

async function startNest(rawBody: boolean): Promise<string> {
  const app = await createNest([gate(), answer], rawBody);
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

const json = { 'content-type': 'application/json' };
/** The fields of a signed request with this body. */
async function signedFields(
  origin: string,
  body: string | Buffer<ArrayBuffer>,
  added: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const headers = { ...json, ...added };
  const init = { method: 'POST', body: Uint8Array.from(Buffer.from(body)), headers };
  return Object.fromEntries((await signer.sign(`${origin}/v1/orders`, init)).headers);
}

const text = '{ "sku" : "Ä" }';

describe.each([
  ['Google Cloud Functions', startFunction],
  ['NestJS with rawBody', () => startNest(true)],
])('%s', (_, start) => {
  it('verifies the bytes that the framework has kept', async () => {
    const origin = await start();
    const response = await send(`${origin}/v1/orders`, { method: 'POST', body: text, headers: json });
    expect([response.status, await response.json()]).toEqual([200, { parsed: { sku: 'Ä' }, bytes: 16 }]);
    expect((await send(`${origin}/v1/orders`)).status).toBe(200);
  });

  it('verifies a body that came in pieces without its length', async () => {
    const origin = await start();
    const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(90_000) }));
    const headers = await signedFields(origin, body);
    const sent = { method: 'POST', target: '/v1/orders', headers, body, pieces: 5 };
    const { status, bytes } = await sendHttp1(origin, sent);
    expect([status, JSON.parse(bytes.toString()).bytes]).toEqual([200, body.length]);
  });

  it('refuses another body', async () => {
    const origin = await start();
    const headers = await signedFields(origin, '{"sku":"A"}');
    const sent = { method: 'POST', target: '/v1/orders', headers };
    const { status, bytes } = await sendHttp1(origin, { ...sent, body: Buffer.from('{"sku":"B"}') });
    expect([status, JSON.parse(bytes.toString()).code]).toEqual([401, 'body_digest_mismatch']);
  });

  it('does not take what was unpacked for what was sent, whichever of the two is signed', async () => {
    const origin = await start();
    const packed = gzipSync('{"sku":"A-1"}');
    for (const body of [packed, Buffer.from('{"sku":"A-1"}')]) {
      const headers = await signedFields(origin, body, { 'content-encoding': 'gzip' });
      const sent = { method: 'POST', target: '/v1/orders', headers };
      const { status, bytes } = await sendHttp1(origin, { ...sent, body: packed });
      expect([status, JSON.parse(bytes.toString()).code]).toEqual([500, 'body_parsed']);
    }
  });
});

it('takes bytes of Google Cloud Functions for any type', async () => {
  const origin = await startFunction();
  const body = Uint8Array.of(0, 255, 254);
  const headers = { 'content-type': 'image/png' };
  const response = await send(`${origin}/files`, { method: 'PUT', body, headers });
  expect(await response.json()).toEqual({ parsed: [0, 255, 254], bytes: 3 });
});

it('comes before the parsers of NestJS if it is installed before the app listens', async () => {
  const app = await createNest([answer], false);
  app.use(gate());
  await app.listen(0, '127.0.0.1');
  const response = await send(`${await app.getUrl()}/v1/orders`, { method: 'POST', body: text, headers: json });
  expect([response.status, await response.json()]).toEqual([200, { parsed: { sku: 'Ä' }, bytes: 16 }]);
});

it('refuses in NestJS without rawBody, where the bytes are gone', async () => {
  const origin = await startNest(false);
  const response = await send(`${origin}/v1/orders`, { method: 'POST', body: text, headers: json });
  expect([response.status, (await response.json()).code]).toEqual([500, 'body_parsed']);
});

describe('a rawBody that is not the whole body as sent', () => {
  const start = async (before: RequestHandler): Promise<string> => {
    const { origin, close } = await listening(createServer(express().use(before, gate(), answer)));
    closing.push(close);
    return origin;
  };
  const read = (keep: (request: IncomingMessage, bytes: Buffer) => void): RequestHandler =>
    express.json({ verify: (request, _, bytes) => keep(request, bytes) });
  const post = async (origin: string): Promise<unknown> => {
    const response = await send(`${origin}/v1/orders`, { method: 'POST', body: text, headers: json });
    return [response.status, (await response.json()).code];
  };

  it.each<[string, (bytes: Buffer) => unknown]>([
    ['text', (bytes) => bytes.toString()],
    ['shorter', (bytes) => bytes.subarray(1)],
    ['longer', (bytes) => Buffer.concat([bytes, bytes])],
    ['empty', () => Buffer.alloc(0)],
    ['an array of numbers', (bytes) => [...bytes]],
  ])('is refused if it is %s', async (_, change) => {
    const origin = await start(read((request, bytes) => void Object.assign(request, { rawBody: change(bytes) })));
    expect(await post(origin)).toEqual([500, 'body_parsed']);
  });

  it('is refused while more of the body can follow', async () => {
    // The first piece is what was signed. A parser that collects later would find more.
    const origin = await start((request, _, next) => {
      request.once('data', (rawBody: Buffer) => {
        request.pause();
        Object.assign(request, { rawBody });
        next();
      });
    });
    const body = Buffer.from('{"sku":"A-1"}{"sku":"B-2"}');
    const headers = await signedFields(origin, body.subarray(0, 13));
    const sent = { method: 'POST', target: '/v1/orders', headers, body, pieces: 2 };
    const { status, bytes } = await sendHttp1(origin, sent);
    expect([status, JSON.parse(bytes.toString()).code]).toEqual([500, 'body_consumed']);
  });

  it('is not looked at if the body can still be read', async () => {
    const origin = await start((request, _, next) => {
      Object.assign(request, { rawBody: Buffer.from('x'.repeat(Number(request.headers['content-length']))) });
      next();
    });
    const response = await send(`${origin}/v1/orders`, { method: 'POST', body: text, headers: json });
    expect([response.status, (await response.json()).bytes]).toEqual([200, 16]);
  });
});
