import serverlessExpress from '@codegenie/serverless-express';
import { createSigner, generateCredentials, signedFetch } from 'countersign';
import { callerOf, protect as expressGate } from 'countersign/express';
import { protect, type SignedEnv } from 'countersign/hono';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import express from 'express';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import serverlessHttp from 'serverless-http';
import { afterEach, describe, expect, it } from 'vitest';
import type { App } from './adapter.ts';
import {
  type EventOf,
  functionUrl,
  httpApi,
  type LambdaHandler,
  lambdaFront,
  loadBalancer,
  restApi,
} from './lambda-front.ts';

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const { accessKey, secret } = generateCredentials();
const send = signedFetch(createSigner({ accessKey, secret }));

type Opened = App & { readonly events: readonly AuditEvent[] };

/** The recipe of docs/adapters.md: Hono makes a Request of the event. */
async function open(eventOf: EventOf, options: Partial<VerifierOptions> = {}): Promise<Opened> {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
    ...options,
  });
  const app = new Hono<SignedEnv>();
  app.use(protect(verifier));
  app.all('*', async (c) => {
    const bytes = [...new Uint8Array(await c.req.arrayBuffer())];
    return c.json({ service: c.var.caller.principal.service, bytes, query: c.req.query() });
  });
  const opened = await lambdaFront(handle(app) as unknown as LambdaHandler, eventOf);
  closing.push(opened.close);
  return { ...opened, events };
}

const outcome = async (response: Response): Promise<unknown> => {
  const { code } = await response.json();
  return code ?? response.status;
};

const services: ReadonlyArray<readonly [name: string, eventOf: EventOf]> = [
  ['a function URL', functionUrl],
  ['an HTTP API', httpApi],
  ['a REST API', restApi],
  ['a load balancer', loadBalancer({ multiValue: false })],
  ['a load balancer with multi-value headers', loadBalancer({ multiValue: true })],
];

describe.each(services)('%s', (_, eventOf) => {
  it.each([
    ['text', Buffer.from('{ "sku": "Ä" }')],
    ['bytes that come in Base64', Buffer.from([0, 255, 254, 1])],
  ])('hands on a body of %s as it was verified', async (_, body) => {
    const { origin } = await open(eventOf);
    const response = await send(`${origin}/v1/orders?page=2&sort=name`, {
      method: 'POST',
      body: Uint8Array.from(body),
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { service: 'shop', bytes: [...body], query: { page: '2', sort: 'name' } },
    ]);
  });

  it('takes a query with escapes and repeated names', async () => {
    const { origin } = await open(eventOf);
    // Load balancers pass on the last of repeated values, unless they have multi-value headers.
    const single = eventOf === services[3]?.[1];
    const query = single ? 'a=%C3%84%20b&c=d%26e' : 'a=%C3%84%20b&a=2&c=d%26e';
    expect(await outcome(await send(`${origin}/v1/orders?${query}`))).toBe(200);
  });

  it('refuses what is unsigned, changed or sent twice', async () => {
    const { origin } = await open(eventOf);
    expect(await outcome(await fetch(`${origin}/v1/orders`))).toBe('missing_signature');
    const signed = await createSigner({ accessKey, secret }).sign(`${origin}/v1/orders`);
    expect(await outcome(await fetch(`${origin}/v1/others`, { headers: signed.headers }))).toBe('invalid_signature');
    expect(await outcome(await fetch(`${origin}/v1/orders?a=1`, { headers: signed.headers }))).toBe(
      'invalid_signature',
    );
    expect(await outcome(await fetch(signed.clone()))).toBe(200);
    expect(await outcome(await fetch(signed))).toBe('replayed_request');
  });
});

describe('stages', () => {
  it('are part of the path in an HTTP API, as for the caller', async () => {
    const { origin } = await open(httpApi);
    expect(await outcome(await send(`${origin}/prod/v1/orders`))).toBe(200);
  });

  it('are removed by a REST API, so that publicPath names them', async () => {
    const { origin } = await open((arrived) => restApi({ ...arrived, path: arrived.path.replace('/prod', '') }), {
      publicPath: '/prod',
    });
    expect(await outcome(await send(`${origin}/prod/v1/orders`))).toBe(200);
  });
});

describe('what a service changes is refused, and never verified as something else', () => {
  it('an HTTP API decodes escapes of the path', async () => {
    const { origin } = await open(httpApi);
    expect(await outcome(await send(`${origin}/v1/a%2Fb`))).toBe('invalid_signature');
  });

  it('a REST API loses the spelling and order of the query', async () => {
    const { origin } = await open(restApi);
    expect(await outcome(await send(`${origin}/v1/orders?a=x+y`))).toBe('invalid_signature');
    expect(await outcome(await send(`${origin}/v1/orders?a=1&b=2&a=3`))).toBe('invalid_signature');
  });
});

describe.each([
  ['serverless-http', (app: ReturnType<typeof express>) => serverlessHttp(app)],
  ['@codegenie/serverless-express', (app: ReturnType<typeof express>) => serverlessExpress({ app })],
])('%s', (_, wrap) => {
  it.each(services)('takes plain queries from %s', async (_, eventOf) => {
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
    });
    const app = express().use(expressGate(verifier), express.json(), (request, response) => {
      response.json({ service: callerOf(request).principal.service, parsed: request.body });
    });
    const { origin, close } = await lambdaFront(wrap(app) as unknown as LambdaHandler, eventOf);
    closing.push(close);
    const headers = { 'content-type': 'application/json' };
    const response = await send(`${origin}/v1/orders?page=2`, { method: 'POST', body: '{"a":1}', headers });
    expect([response.status, await response.json()]).toEqual([200, { service: 'shop', parsed: { a: 1 } }]);
  });
});
