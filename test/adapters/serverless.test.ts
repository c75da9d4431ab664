import { createRequire } from 'node:module';
import serverlessExpress from '@codegenie/serverless-express';
import { countersignedFetch, createSigner, generateCredentials, signedFetch } from 'countersign';
import { callerOf, protect } from 'countersign/express';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import express5, { type RequestHandler } from 'express';
import serverlessHttp from 'serverless-http';
import { afterEach, describe, expect, it } from 'vitest';
import { type EventOf, functionUrl, httpApi, type LambdaHandler, lambdaFront, restApi } from './lambda-front.ts';

// It comes without types, and what is used here of 5 is the same.
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const send = signedFetch(signer);
const countersigned = countersignedFetch(signer);

const libraries: ReadonlyArray<readonly [name: string, wrap: (app: ReturnType<typeof express5>) => unknown]> = [
  ['serverless-http', (app) => serverlessHttp(app)],
  ['@codegenie/serverless-express', (app) => serverlessExpress({ app })],
];
const expresses = [
  ['express 5', express5],
  ['express 4', express4],
] as const;
const combinations = libraries.flatMap(([library, wrap]) =>
  expresses.map(([name, express]) => ({ library, wrap, name, express })),
);

describe.each(combinations)('$library before $name', ({ wrap, express }) => {
  async function open(
    eventOf: EventOf,
    before: readonly RequestHandler[] = [],
    countersign: 'always' | 'never' = 'never',
  ) {
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
    });
    const app = express();
    for (const one of before) app.use(one);
    app.use(protect(verifier, { countersign }), express.json(), express.raw({ type: 'application/octet-stream' }));
    app.use((request, response) => {
      const { body } = request;
      response.json({
        parsed: Buffer.isBuffer(body) ? [...body] : body,
        bytes: callerOf(request).body?.length,
        service: callerOf(request).principal.service,
      });
    });
    const opened = await lambdaFront(wrap(app) as LambdaHandler, eventOf);
    closing.push(opened.close);
    return opened;
  }

  const json = { method: 'POST', body: '{ "sku": "Ä" }', headers: { 'content-type': 'application/json' } };

  it.each([
    ['a function URL', functionUrl],
    ['an HTTP API', httpApi],
    ['a REST API', restApi],
  ])('parses behind the gate as if there were none, with %s', async (_, eventOf) => {
    const { origin } = await open(eventOf);
    const response = await send(`${origin}/v1/orders?page=2`, json);
    expect([response.status, await response.json()]).toEqual([
      200,
      { parsed: { sku: 'Ä' }, bytes: 15, service: 'shop' },
    ]);
  });

  it('takes bytes that came in Base64', async () => {
    const { origin } = await open(functionUrl);
    const body = Uint8Array.of(0, 255, 254, 1);
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await send(`${origin}/v1/files`, { method: 'PUT', body, headers });
    expect(await response.json()).toMatchObject({ parsed: [0, 255, 254, 1], bytes: 4 });
  });

  it('takes a request without a body', async () => {
    const { origin } = await open(functionUrl);
    const response = await send(`${origin}/v1/orders?a=%20b`);
    expect([response.status, await response.json()]).toMatchObject([200, { service: 'shop' }]);
  });

  it('refuses another body, host, path, query and no signature', async () => {
    const { origin } = await open((arrived) => functionUrl({ ...arrived, body: Buffer.from('{ "sku": "B" }') }));
    expect((await (await send(`${origin}/v1/orders`, json)).json()).code).toBe('body_digest_mismatch');
    const other = await open((arrived) => functionUrl({ ...arrived, query: 'page=3' }));
    expect((await (await send(`${other.origin}/v1/orders?page=2`)).json()).code).toBe('invalid_signature');
    const host = await open((arrived) =>
      functionUrl({ ...arrived, lines: arrived.lines.map((line) => (line.startsWith('127.') ? 'example.com' : line)) }),
    );
    expect((await (await send(`${host.origin}/v1/orders`)).json()).code).toBe('invalid_signature');
    const plain = await open(functionUrl);
    expect((await fetch(`${plain.origin}/v1/orders`)).status).toBe(401);
  });

  it('signs responses', async () => {
    const { origin } = await open(functionUrl, [], 'always');
    const response = await countersigned(`${origin}/v1/orders`, json);
    expect((await response.json()).parsed).toEqual({ sku: 'Ä' });
  });

  it('says that a parser came before the gate', async () => {
    const { origin } = await open(functionUrl, [express.json()]);
    const response = await send(`${origin}/v1/orders`, json);
    expect([response.status, (await response.json()).code]).toEqual([500, 'body_parsed']);
  });
});
