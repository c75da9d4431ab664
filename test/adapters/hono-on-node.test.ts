import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect, type SignedEnv } from 'countersign/hono';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { sendHttp1 } from './wire.ts';

type Env = SignedEnv & { readonly Bindings: HttpBindings };

const closing: Array<() => void> = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const order = '{"sku":"A-1"}';
const forged = '{"sku":"A-2"}';

/** An app that answers with what a handler makes of a verified request, after other middleware. */
async function app(handler: (c: Context<Env>) => unknown, ...before: readonly MiddlewareHandler<Env>[]) {
  const events: AuditEvent[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: (event) => void events.push(event),
  });
  const made = new Hono<Env>();
  for (const one of before) made.use(one);
  made.use('/v1/*', protect(verifier));
  made.all('/v1/*', async (c) => c.json({ seen: await handler(c) }));
  const server = serve({ fetch: made.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => void server.close());
  return { made, events, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const signed = (origin: string, body: string | null = order) =>
  signer.sign(
    new Request(`${origin}/v1/orders`, {
      method: body === null ? 'GET' : 'POST',
      ...(body !== null && { body, headers: { 'content-type': 'application/json' } }),
    }),
  );

const codeOf = (events: readonly AuditEvent[]) => events.map(({ outcome, code }) => code ?? outcome);
const textOf = (bytes: ArrayBuffer | Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe('what has been verified', () => {
  it.each<[string, (c: Context<Env>) => unknown]>([
    ['caller.body', (c) => textOf(c.var.caller.body)],
    ['c.req.text()', (c) => c.req.text()],
    ['c.req.json()', async (c) => JSON.stringify(await c.req.json())],
    ['c.req.arrayBuffer()', async (c) => textOf(await c.req.arrayBuffer())],
    ['c.req.blob()', async (c) => (await c.req.blob()).text()],
    ['c.req.raw.text()', (c) => c.req.raw.text()],
    ['c.req.raw.body', (c) => new Response(c.req.raw.body).text()],
    ['a clone', (c) => c.req.raw.clone().text()],
    ['a Request made of it', (c) => new Request(c.req.raw).text()],
    ['one way after another', async (c) => JSON.stringify(await c.req.json()) && c.req.text()],
    [
      'Node’s request',
      async (c) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of c.env.incoming) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      },
    ],
  ])('is read by %s', async (_, read) => {
    const { origin, events } = await app(read);
    const response = await fetch(await signed(origin));
    expect([response.status, await response.json()]).toEqual([200, { seen: order }]);
    expect(codeOf(events)).toEqual(['accepted']);
  });

  it('can be a form', async () => {
    const { origin } = await app((c) => c.req.parseBody());
    const form = new URLSearchParams({ sku: 'A-1', note: 'ü' });
    const request = await signer.sign(new Request(`${origin}/v1/orders`, { method: 'POST', body: form }));
    expect(await (await fetch(request)).json()).toEqual({ seen: { sku: 'A-1', note: 'ü' } });
  });

  it('needs no whole Request to be made', async () => {
    const parts = (c: Context<Env>) =>
      Object.getOwnPropertySymbols(c.req.raw).map(
        (symbol) => (c.req.raw as unknown as Record<symbol, unknown>)[symbol],
      );
    const { origin } = await app((c) => parts(c).some((part) => part instanceof Request));
    for (const body of [null, order]) {
      expect(await (await fetch(await signed(origin, body))).json()).toEqual({ seen: false });
    }
  });
});

describe('what stands before the gate', () => {
  const through =
    (change: (c: Context<Env>) => unknown): MiddlewareHandler<Env> =>
    async (c, next) => {
      await change(c);
      await next();
    };

  it('may put another request in the place of the one that came, which is then the one that is judged', async () => {
    const swap = through((c) => {
      c.req.raw = new Request(c.req.raw, { body: forged });
    });
    const { origin, events } = await app((c) => c.req.text(), swap);
    expect((await fetch(await signed(origin))).status).toBe(401);
    expect(codeOf(events)).toEqual(['body_digest_mismatch']);
  });

  it('may call the app with another request, which is then the one that is judged', async () => {
    let inner: (body: string) => Promise<Response>;
    const batch: MiddlewareHandler<Env> = async (c, next) => {
      if (c.req.path !== '/batch') return next();
      // All of it from outside, as a batch is.
      const headers = Object.fromEntries([...c.req.raw.headers].filter(([name]) => name !== 'content-length'));
      inner = async (body) => made.fetch(new Request(`${origin}/v1/orders`, { method: 'POST', headers, body }), c.env);
      const first = await inner(forged);
      const second = await inner(order);
      return c.json([first.status, second.status]);
    };
    const { made, origin, events } = await app((c) => c.req.text(), batch);
    const captured = await signed(origin);
    const response = await fetch(`${origin}/batch`, { method: 'POST', headers: captured.headers, body: order });
    expect(await response.json()).toEqual([401, 200]);
    expect(codeOf(events)).toEqual(['body_digest_mismatch', 'accepted']);
  });

  it.each<[string, (c: Context<Env>) => unknown]>([
    ['a reader that has read', (c) => c.req.text()],
    ['a reader that has begun', (c) => void c.req.text()],
    ['a reader of the Request', (c) => c.req.raw.arrayBuffer()],
    [
      'a reader of Node’s request',
      async (c) => {
        for await (const _ of c.env.incoming);
      },
    ],
  ])('leaves nothing to judge where it is %s', async (_, read) => {
    const { origin, events } = await app(() => 'unreached', through(read));
    expect((await fetch(await signed(origin))).status).toBe(500);
    expect(codeOf(events)).toEqual(['body_consumed']);
  });

  it.each<[string, (c: Context<Env>) => unknown]>([
    ['looks at the body', (c) => c.req.raw.body],
    ['clones it, and reads that', (c) => c.req.raw.clone().text()],
    ['asks for the signal', (c) => c.req.raw.signal],
  ])('does no harm where it only %s', async (_, look) => {
    const { origin } = await app((c) => c.req.text(), through(look));
    const response = await fetch(await signed(origin));
    expect([response.status, await response.json()]).toEqual([200, { seen: order }]);
  });
});

it('a body that was added to a signed GET is refused', async () => {
  const { origin, events } = await app((c) => c.req.text());
  const { headers } = await signed(origin, null);
  const sent = { method: 'GET', target: '/v1/orders', headers: Object.fromEntries(headers), body: Buffer.from(forged) };
  expect((await sendHttp1(origin, sent)).status).toBe(401);
  expect((await sendHttp1(origin, { ...sent, pieces: 2 })).status).toBe(401);
  expect(codeOf(events)).toEqual(['missing_body_digest', 'missing_body_digest']);
});

it('a body in many pieces is verified whole, and read again', async () => {
  const { origin } = await app(async (c) => (await c.req.arrayBuffer()).byteLength);
  const body = Buffer.alloc(300_000, 'pieces ');
  const headers = prepareRequest(signer, { method: 'POST', url: `${origin}/v1/orders`, body }).headers;
  const sent = { method: 'POST', target: '/v1/orders', headers, body, pieces: 9 };
  const { status, bytes } = await sendHttp1(origin, sent);
  expect([status, JSON.parse(bytes.toString())]).toEqual([200, { seen: 300_000 }]);
});
