import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  defineScheme,
  githubWebhooks,
  type SchemeDefinition,
  standardWebhooks,
  stripeWebhooks,
} from 'countersign/schemes';
import { type VerifiedWebhook, verifyWebhook, type WebhookOptions, type WebhookRequest } from 'countersign/webhooks';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

const secret = 'a secret of GitHub, for tests.';
// As a sender may write it: no serialiser writes these blanks.
const body = '{ "zen": "Größe",  "id": 1 }';
const macOf = (given: string | Uint8Array, key = secret) => createHmac('sha256', key).update(given).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const fields = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${macOf(body)}` };
const url = 'https://example.com/hooks';
const delivery = (init: RequestInit = {}) => new Request(url, { method: 'POST', headers: fields, body, ...init });
const github: WebhookOptions = { scheme: githubWebhooks, secret };

async function outcome(request: WebhookRequest, options: Partial<WebhookOptions> = {}): Promise<string> {
  const event = await verifyWebhook(request, { ...github, ...options });
  return event.ok ? 'ok' : event.error.code;
}

async function accepted(request: WebhookRequest, options: WebhookOptions = github): Promise<VerifiedWebhook> {
  const event = await verifyWebhook(request, options);
  if (!event.ok) throw event.error;
  return event;
}

describe('verifyWebhook', () => {
  it('gives the body as bytes, text and JSON, and says what was verified', async () => {
    const event = await accepted(delivery());
    expect(event.body).toEqual(new TextEncoder().encode(body));
    expect(event.text()).toBe(body);
    expect(event.json()).toEqual({ zen: 'Größe', id: 1 });
    expect(event).toMatchObject({ scheme: 'github-webhooks', signedAt: undefined, duplicate: undefined });
    expect(event.signedHeaders).toEqual([]);
  });

  it('keeps bytes that are no text', async () => {
    const bytes = Uint8Array.of(0xff, 0, 0xfe);
    const headers = { 'x-hub-signature-256': `sha256=${macOf(bytes)}` };
    expect((await accepted(delivery({ headers, body: bytes }))).body).toEqual(bytes);
    expect((await accepted({ method: 'POST', url, headers, body: bytes.buffer })).body).toEqual(bytes);
  });

  it('refuses what was changed, and what is not signed, with a response to send', async () => {
    const event = await verifyWebhook(delivery({ body: `${body} ` }), github);
    expect(event).toMatchObject({ ok: false, error: { code: 'signature_mismatch' }, response: { status: 401 } });
    expect(JSON.parse(event.ok ? '' : event.response.body)).toMatchObject({ code: 'invalid_signature' });
    expect(await outcome(delivery({ headers: {} }))).toBe('missing_signature');
    expect(await outcome(delivery(), { maxBodyBytes: 5 })).toBe('body_too_large');
  });

  it('takes several secrets while one replaces the other', async () => {
    expect(await outcome(delivery(), { secret: ['a secret that is the new one', secret] })).toBe('ok');
    expect(await outcome(delivery(), { secret: ['a secret that is the new one', 'and one more secret'] })).toBe(
      'signature_mismatch',
    );
  });

  it.each([
    { secret: '' },
    { secret: [] },
    { secret: undefined as never },
    { secret: 'too short' },
    { secret: `${secret}\n` },
    { secret: [secret, 'too short'] },
  ])('throws without a secret that can be used: %o', async (given) => {
    await expect(verifyWebhook(delivery(), { ...github, ...given })).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
  });

  it.each(['github', githubWebhooks.name, defineScheme])('throws for a scheme that is none: %s', async (scheme) => {
    await expect(verifyWebhook(delivery(), { scheme: scheme as never, secret })).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });

  it('takes a path for the address where nothing of it is signed, also without a Host', async () => {
    const described = { method: 'POST', headers: fields, body };
    for (const url of ['/', '/hooks?a=1', undefined]) expect(await outcome({ ...described, url })).toBe('ok');
  });

  it('throws for an option that it does not have', async () => {
    const options = { ...github, tolerence: 5 } as WebhookOptions;
    await expect(verifyWebhook(delivery(), options)).rejects.toThrow(/tolerance/);
  });

  it('throws for a scheme that leaves more open than the time, unless that is accepted', async () => {
    const weak: SchemeDefinition = {
      name: 'weak',
      stringToSign: '{timestamp}',
      headers: { T: '{timestamp}.{signature}' },
    };
    const headers = { t: `1700000000.${macOf('1700000000')}` };
    const rest = { scheme: weak, secret, clock: () => 1_700_000_000_000 };
    const open = ['body-unsigned', 'method-unsigned', 'path-unsigned', 'query-unsigned'] as const;
    await expect(verifyWebhook(delivery({ headers }), rest)).rejects.toThrow(/body-unsigned/);
    expect((await accepted(delivery({ headers }), { ...rest, acceptFindings: open })).signedAt).toBe(1_700_000_000_000);
  });

  it('takes a time within the tolerance only', async () => {
    const now = 1_700_000_000_000;
    const headers = { 'stripe-signature': `t=${now / 1000},v1=${macOf(`${now / 1000}.${body}`)}` };
    const stripe = { scheme: stripeWebhooks, secret };
    expect((await accepted(delivery({ headers }), { ...stripe, clock: () => now })).signedAt).toBe(now);
    expect(await outcome(delivery({ headers }), { ...stripe, clock: () => now + 301_000 })).toBe('stale_timestamp');
    const lax = { ...stripe, tolerance: 600, clock: () => now + 301_000 };
    expect(await outcome(delivery({ headers }), lax)).toBe('ok');
  });

  it('takes a scheme in code', async () => {
    const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const now = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
      'webhook-signature': new Webhook(webhookSecret).sign('msg_1', now, body),
    };
    const options = { scheme: standardWebhooks(), secret: webhookSecret };
    expect((await accepted(delivery({ headers }), options)).json()).toMatchObject({ id: 1 });
  });
});

describe('a body that is no longer as it was sent', () => {
  it('is named where it was consumed', async () => {
    const request = delivery();
    await request.text();
    expect(await outcome(request)).toBe('body_consumed');
  });

  it.each([[{ zen: 'x' }], [[1]], [5], [true]])('is named where it was parsed: %o', async (parsed) => {
    const event = await verifyWebhook({ method: 'POST', url, headers: fields, body: parsed }, github);
    expect(event).toMatchObject({ ok: false, error: { code: 'body_parsed' }, response: { status: 500 } });
  });

  it('is named where it was parsed and serialised again', async () => {
    const headers = { ...fields, 'content-length': `${new TextEncoder().encode(body).length}` };
    const again = JSON.stringify(JSON.parse(body));
    const event = await verifyWebhook({ method: 'POST', url, headers, body: again }, github);
    expect(event.ok || `${event.error.code}: ${event.error.message}`).toMatch(/^body_parsed: .*serialised again/);
    expect(await outcome({ method: 'POST', url, headers, body })).toBe('ok');
    // Of the stated length: it may as well be forged.
    expect(await outcome({ method: 'POST', url, headers, body: body.replace('1', '2') })).toBe('signature_mismatch');
    // Of no stated length.
    for (const stated of ['', 'x', '-1', '1e1', '3, 3']) {
      const forged = { ...fields, 'content-length': stated };
      expect(await outcome({ method: 'POST', url, headers: forged, body: again })).toBe('signature_mismatch');
    }
  });
});

describe('a described request', () => {
  const headers = { Host: 'example.com', 'X-Hub-Signature-256': [fields['x-hub-signature-256']], Cookie: undefined };

  it.each<[string, WebhookRequest]>([
    ['a text', { method: 'POST', url: '/hooks', headers, body }],
    ['bytes', { method: 'post', url: '/hooks?a=1', headers, body: Buffer.from(body) }],
    ['headers of fetch', { method: 'POST', url, headers: new Headers(fields), body }],
  ])('is taken with %s', async (_, request) => {
    expect(await outcome(request)).toBe('ok');
  });

  it.each<[string, unknown, string]>([
    ['headers that are null', { method: 'POST', url, headers: null, body }, 'missing_signature'],
    ['no headers', { method: 'POST', url, body }, 'missing_signature'],
    ['nothing', {}, 'invalid_request'],
    ['raw headers that are none', { method: 'POST', url, rawHeaders: undefined, headers: fields, body }, 'ok'],
    ['raw headers only', { method: 'POST', url, rawHeaders: [] }, 'internal_error'],
    ['a number among its headers', { method: 'POST', url, headers: { ...fields, 'content-length': 30 }, body }, 'ok'],
    ['null among its headers', { method: 'POST', url, headers: { ...fields, a: null, b: [null] }, body }, 'ok'],
    [
      'a number for a signature',
      { method: 'POST', url, headers: { 'x-hub-signature-256': 5 }, body },
      'missing_signature',
    ],
    ['null for its method', { method: null, url, headers: fields, body }, 'invalid_request'],
    ['null for its address', { method: 'POST', url: null, headers: fields, body }, 'ok'],
    ['a method that is no text', { method: 5, url, headers: fields, body }, 'internal_error'],
    ['an address that is no text', { method: 'POST', url: new URL(url), headers: fields, body }, 'ok'],
    ['a member that throws', Object.defineProperty({}, 'headers', { get: () => fail() }), 'internal_error'],
    ['null instead of it', null, 'internal_error'],
    ['a text instead of it', body, 'internal_error'],
  ])('is refused or taken, and does not make it throw, with %s', async (_, request, expected) => {
    expect(await outcome(request as WebhookRequest)).toBe(expected);
  });

  it('has the address that is signed', async () => {
    const scheme = defineScheme({
      name: 'with-url',
      stringToSign: '{method} {url}\n{timestamp}\n{body|sha256|hex}',
      headers: { 'X-Time': '{timestamp}', 'X-Sign': '{signature}' },
    });
    const now = 1_700_000_000_000;
    const text = `POST https://example.com/hooks?a=%20\n1700000000\n${sha256('')}`;
    const signed = { 'x-time': '1700000000', 'x-sign': macOf(text), host: 'example.com' };
    const options = { scheme, secret, clock: () => now };
    for (const address of ['/hooks?a=%20', 'https://example.com/hooks?a=%20']) {
      expect(await outcome({ method: 'POST', url: address, headers: signed }, options)).toBe('ok');
    }
    expect(await outcome({ method: 'POST', url: 'http://example.com/hooks?a=%20', headers: signed }, options)).toBe(
      'signature_mismatch',
    );
    const behind = { ...options, publicOrigin: 'https://example.com' };
    expect(await outcome({ method: 'POST', url: 'http://internal/hooks?a=%20', headers: signed }, behind)).toBe('ok');
  });
});

const fail = () => {
  throw new Error('a member that throws');
};

type Started = { readonly origin: string; close(): unknown };

async function listen(handler: Parameters<typeof createServer>[1]): Promise<Started> {
  const server = createServer(handler).listen(0);
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

const respond = async (request: WebhookRequest): Promise<string> => {
  const event = await verifyWebhook(request, github);
  return event.ok ? event.text() : event.error.code;
};

describe('in a server', () => {
  const send = async (origin: string) => (await fetch(origin, { method: 'POST', headers: fields, body })).text();

  it('of Node', async () => {
    const { origin, close } = await listen(async (request, response) => void response.end(await respond(request)));
    expect(await send(origin)).toBe(body);
    close();
  });

  it.each([
    { of: 'Node', parser: undefined },
    { of: 'Express', parser: express() },
    { of: 'Express, with the parser of bytes', parser: express().use(express.raw({ type: '*/*' })) },
  ])('of $of refuses a forgery, whether or not its length is stated', async ({ parser }) => {
    const handle = async (request: IncomingMessage, response: ServerResponse) => {
      const event = await verifyWebhook(request, github);
      response.writeHead(event.ok ? 200 : event.response.status).end(event.ok || event.error.code);
    };
    const { origin, close } = await listen((request, response) =>
      parser ? parser.use(handle)(request as never, response as never) : handle(request, response),
    );
    const forged = { ...fields, 'x-hub-signature-256': `sha256=${macOf(body, 'another secret')}` };
    const bodies = [body, '', new Blob([body]).stream()];
    for (const sent of bodies) {
      const init = { method: 'POST', headers: forged, body: sent, duplex: 'half' };
      const response = await fetch(origin, init);
      expect([response.status, await response.text()]).toEqual([401, 'signature_mismatch']);
    }
    close();
  });

  it.each([
    { given: 'without a parser', parser: undefined, expected: body },
    { given: 'with the parser of bytes', parser: express.raw({ type: '*/*' }), expected: body },
    { given: 'with the parser of JSON', parser: express.json(), expected: 'body_parsed' },
  ])('of Express, $given', async ({ parser, expected }) => {
    const app = express();
    if (parser) app.use(parser);
    app.post('/', async (request, response) => void response.end(await respond(request)));
    const { origin, close } = await listen((request: IncomingMessage, response) => void app(request, response));
    expect(await send(origin)).toBe(expected);
    close();
  });

  it('of Fastify, with a parser that keeps bytes, and not with that of JSON', async () => {
    for (const keeps of [true, false]) {
      const app = fastify();
      if (keeps) {
        app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, bytes, done) => done(null, bytes));
      }
      app.post('/', async (request) => respond(request));
      expect(await send(await app.listen({ port: 0 }))).toBe(keeps ? body : 'body_parsed');
      await app.close();
    }
  });

  it('of Hono', async () => {
    const app = new Hono().post('/hooks', async (c) => c.text(await respond(c.req.raw)));
    expect(await (await app.request(delivery())).text()).toBe(body);
  });
});
