import { createServer } from 'node:http';
import { correctedClock, countersignedFetch, createSigner, issueSession } from 'countersign';
import { forwardAuth } from 'countersign/gateway';
import type { SignatureError, VerifierOptions } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { type Nginx, type NginxPlaces, nginx, startNginx } from '../adapters/nginx-server.ts';
import { type Answered, type Send, type Sent, sendTls } from '../adapters/wire.ts';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { present } from '../vectors/present.ts';
import { type PythonBackend, startBackend, startDocumentedBackend, toldTo } from './backend.ts';
import { type Call, codeOf, jsonOf, type Parties, parties, signed } from './calls.ts';

const here = present(nginx, '-v') && present('openssl', 'version') && present('python3', '--version');

/** The configuration that docs/other-languages.md has, with the places of this test in it. */
function documented(ports: { readonly gateway: string; readonly backend: string }) {
  return ({ port, certificate, certificateKey }: NginxPlaces): string => {
    const block = blocksOf(pageNamed('docs/other-languages.md')).find(({ language }) => language === 'nginx');
    const replaced: Record<string, string> = {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      '/etc/ssl/api.example.com.pem': certificate,
      '/etc/ssl/api.example.com.key': certificateKey,
      'http://127.0.0.1:9301': ports.gateway,
      'http://127.0.0.1:9302': ports.backend,
    };
    return Object.entries(replaced).reduce((text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`docs/other-languages.md no longer says ${from}.`);
      return text.replaceAll(from, to);
    }, block?.code ?? '');
  };
}

describe.runIf(here)('forward-auth behind nginx, as documented', () => {
  let backend: PythonBackend;
  const opened: Array<{ close(): Promise<void> }> = [];
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend?.close());
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  type Opened = Parties & {
    readonly proxy: Nginx;
    readonly gateway: App;
    readonly reports: SignatureError[];
    readonly send: (sent: Sent) => Promise<Answered>;
    readonly call: (call?: Call) => Promise<Answered>;
  };

  async function open(
    options: Partial<VerifierOptions> = {},
    change = (text: string) => text,
    behind = backend.origin,
  ): Promise<Opened> {
    const known = parties(options);
    const reports: SignatureError[] = [];
    const report = (error: SignatureError) => void reports.push(error);
    const gateway = await listening(createServer(forwardAuth(known.verifier, { dialect: 'nginx', report })));
    opened.push(gateway);
    const configured = documented({ gateway: gateway.origin, backend: behind });
    const proxy = await startNginx((places) => change(configured(places)));
    opened.push(proxy);
    const overTls: Send = sendTls(proxy.ca);
    const send = (sent: Sent) => overTls(`https://127.0.0.1:${proxy.port}`, sent);
    return { ...known, proxy, gateway, reports, send, call: (call) => send(signed(known, call)) };
  }

  const last = async () => {
    const found = (await backend.seen()).at(-1);
    if (!found) throw new Error('The backend has seen nothing.');
    return found;
  };
  const countSeen = async () => (await backend.seen()).length;

  it('lets a signed request through, and tells the backend whose it is', async () => {
    const { call, accessKey, events } = await open();
    const answer = await call();
    expect(answer.status).toBe(200);
    const seen = await last();
    expect(seen).toMatchObject({ method: 'GET', target: '/v1/orders?page=2', fits: true });
    expect(toldTo(seen)).toEqual({
      'x-countersign-access-key': accessKey,
      'x-countersign-service': 'shop',
      'x-countersign-scopes': 'orders:read orders:write',
      'x-countersign-scheme': 'countersign-v1',
      'x-countersign-body': 'none',
    });
    expect(events).toMatchObject([{ outcome: 'accepted', path: '/v1/orders', address: '127.0.0.1' }]);
  });

  it('tells the backend which session signed, and for whom it is', async () => {
    const { accessKey, secret, send } = await open();
    const session = issueSession({ accessKey, secret }, { expiresIn: 900, subject: 'user-7' });
    expect((await send(signed({ signer: createSigner({ credentials: session }) }))).status).toBe(200);
    expect(toldTo(await last())).toMatchObject({
      'x-countersign-access-key': accessKey,
      'x-countersign-session': expect.stringMatching(/^[\w-]{16}$/),
      'x-countersign-subject': 'user-7',
    });
  });

  it.each<[string, Call]>([
    ['text', { body: '{"sku":"A-1"}', headers: { 'Content-Type': 'application/json' } }],
    ['bytes', { body: Uint8Array.of(0, 255, 13, 10, 128) }],
    ['a mebibyte in pieces', { body: new Uint8Array(2 ** 20 - 4096).fill(7), pieces: 16 }],
  ])('passes on a body with %s, and the digest that it must have', async (_, call) => {
    const { call: send } = await open();
    expect((await send({ method: 'POST', ...call })).status).toBe(200);
    expect(await last()).toMatchObject({ received: call.body?.length, fits: true });
  });

  it.each([
    '/a%2fb',
    '//double//slash',
    '/?a=1&a=2&b',
    '/a?q=%F0%25zz',
    "/it's(a)*;x=1",
    '/a?b=c+d%2Bd',
    '/x?url=http://y//z',
  ])('judges and passes on the target %s as it stands on the wire', async (target) => {
    const { call } = await open();
    expect((await call({ target })).status).toBe(200);
    expect((await last()).target).toBe(target);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])('takes %s like any other', async (method) => {
    const { call } = await open();
    expect((await call({ method })).status).toBe(200);
    expect((await last()).method).toBe(method);
  });

  it('refuses what is unsigned, sent twice, or changed, and the backend sees none of it', async () => {
    const opened = await open();
    const { send } = opened;
    const sent = signed(opened, { method: 'POST', body: '{"to":"A"}' });
    expect((await send(sent)).status).toBe(200);
    const before = await countSeen();
    expect(codeOf(await send(sent))).toBe('401 replayed_request');
    expect(codeOf(await send({ ...signed(opened), target: '/v1/other' }))).toBe('401 invalid_signature');
    expect(codeOf(await send({ ...signed(opened), method: 'DELETE' }))).toBe('401 invalid_signature');
    for (const [name, value] of Object.entries({ Range: 'bytes=0-0', 'If-Match': '"a"', 'Content-Encoding': 'gzip' })) {
      const added = signed(opened, { added: { [name]: value } });
      expect(codeOf(await send(added))).toBe('401 insufficient_coverage');
    }
    const unsigned = await send({ method: 'GET', target: '/', headers: { Host: 'api.example.com' } });
    expect(codeOf(unsigned)).toBe('401 missing_signature');
    expect(unsigned.headers.get('content-type')).toBe('application/problem+json');
    expect(unsigned.headers.get('cache-control')).toBe('no-store');
    expect(unsigned.headers.get('www-authenticate')).toBe(
      'Countersign scheme="countersign-v1", error="missing_signature"',
    );
    expect(await countSeen()).toBe(before);
  });

  /** The documented server, and another with the same backend, which has the name `admin.example.com`. */
  const twoServers = (text: string) => `${text}\n${text.replaceAll('api.example.com', 'admin.example.com')}`;

  it('refuses a request at another server than it was signed for, whichever of its two hosts names it', async () => {
    const opened = await open({}, twoServers);
    const before = await countSeen();
    for (const [address, host] of [
      ['http://admin.example.com', 'api.example.com'],
      ['https://admin.example.com:443', 'api.example.com:443'],
      ['', 'admin.example.com'],
    ] as const) {
      const { target, headers, ...rest } = signed(opened, { method: 'DELETE', target: '/users/1' });
      const sent = { ...rest, target: address + target, headers: { ...headers, Host: host } };
      expect(codeOf(await opened.send(sent)), `${address} ${host}`).toBe('401 invalid_signature');
    }
    expect(await countSeen()).toBe(before);
    expect((await opened.call({ method: 'DELETE' })).status).toBe(200);
  });

  it('tells the backend the name of the server, where the caller names another host', async () => {
    const opened = await open();
    const { headers, ...rest } = signed(opened);
    expect((await opened.send({ ...rest, headers: { ...headers, Host: 'other.example.com' } })).status).toBe(200);
    expect((await last()).headers).toContainEqual(['Host', 'api.example.com']);
  });

  it('lets the backend know that a body was changed, added or taken away', async () => {
    const opened = await open();
    const { send } = opened;
    const sent = signed(opened, { method: 'POST', body: '{"to":"A"}' });
    expect((await send({ ...sent, body: new TextEncoder().encode('{"to":"B"}') })).status).toBe(200);
    expect((await last()).fits).toBe(false);
    expect((await send({ ...signed(opened, { method: 'POST' }), body: new TextEncoder().encode('{}') })).status).toBe(
      200,
    );
    expect((await last()).fits).toBe(false);
    expect((await send({ ...signed(opened, { method: 'POST', body: '{}' }), body: undefined })).status).toBe(200);
    expect((await last()).fits).toBe(false);
  });

  it.each([
    ['X-Countersign-Service', 'admin'],
    ['x-countersign-environment', 'production'],
    ['X-COUNTERSIGN-BODY', 'none'],
    ['X-Countersign-Anything', '1'],
  ])('refuses a request with a forged %s', async (name, value) => {
    const { call } = await open();
    const before = await countSeen();
    expect(codeOf(await call({ added: { [name]: value } }))).toBe('400 forged_header');
    expect(await countSeen()).toBe(before);
  });

  it.each([
    ['off, as it is', '', 200],
    ['on', 'underscores_in_headers on;', 400],
  ])('keeps out forgeries with underscores_in_headers %s', async (_, line, status) => {
    const { call } = await open({}, (text) => text.replace('server_name', `${line} server_name`));
    const before = await countSeen();
    const answer = await call({ added: { X_Countersign_Service: 'admin', 'X_Countersign-Scopes': 'admin' } });
    expect(answer.status).toBe(status);
    const after = (await backend.seen()).slice(before);
    expect(after.map((seen) => seen.headers.filter(([name]) => /countersign_|_countersign/i.test(name)))).toEqual(
      status === 200 ? [[]] : [],
    );
  });

  it('believes nginx about the request, and not the caller who describes another', async () => {
    const opened = await open();
    const { send, events } = opened;
    const sent = signed(opened, { target: '/v1/orders' });
    const described = {
      'X-Original-URI': '/v1/orders',
      'X-Original-Method': 'GET',
      'X-Original-Host': 'api.example.com',
      'X-Original-Address': '203.0.113.9',
    };
    const answer = await send({ ...sent, target: '/admin', headers: { ...sent.headers, ...described } });
    expect(codeOf(answer)).toBe('401 invalid_signature');
    expect(events).toMatchObject([{ path: '/admin', address: '127.0.0.1' }]);
  });

  it.each(['X-Original-Method', 'X-Original-URI', 'X-Original-Host', 'X-Original-Proto', 'X-Original-Address'])(
    'lets nothing through where the configuration leaves out %s',
    async (name) => {
      const { call, reports } = await open({}, (text) =>
        text.replace(new RegExp(`^.*proxy_set_header ${name}.*$`, 'm'), ''),
      );
      expect(codeOf(await call())).toBe('500 undescribed_request');
      expect(reports.map(({ code, message }) => [code, message.includes(name)])).toEqual([
        ['undescribed_request', true],
      ]);
    },
  );

  it('asks for a scope with 403', async () => {
    const known = parties();
    const gateway = await listening(
      createServer(forwardAuth(known.verifier, { dialect: 'nginx', scope: 'orders:delete' })),
    );
    const proxy = await startNginx(documented({ gateway: gateway.origin, backend: backend.origin }));
    opened.push(gateway, proxy);
    const answer = await sendTls(proxy.ca)(`https://127.0.0.1:${proxy.port}`, signed(known));
    expect(codeOf(answer)).toBe('403 insufficient_scope');
  });

  it('tells what is left of a budget, and when it is gone, with the status that says so', async () => {
    const { call } = await open({ limits: { byKey: new RateLimiterMemory({ points: 1, duration: 60 }) } });
    const first = await call();
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit')).toBe('"key";r=0;t=60');
    const second = await call();
    expect(codeOf(second)).toBe('429 rate_limited');
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(second.headers.get('ratelimit-policy')).toBe('"key";q=1;w=60');
  });

  it('says 503 where the stores are out of reach', async () => {
    const { call } = await open({
      replay: {
        claim() {
          throw new Error('out of reach');
        },
      },
    });
    const answer = await call();
    expect(codeOf(answer)).toBe('503 replay_store_unavailable');
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('passes on refusals so that a caller can believe the time in them', async () => {
    const opened = await open();
    const hour = 3_600_000;
    const clock = correctedClock(() => Date.now() - hour);
    const { accessKey, secret } = opened;
    const signer = createSigner({ accessKey, secret, clock });
    const through: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      const headers = { ...Object.fromEntries(request.headers), Host: 'api.example.com' };
      const answer = await opened.send({ method: request.method, target: pathname + search, headers });
      return new Response(new Uint8Array(answer.bytes), { status: answer.status, headers: answer.headers });
    };
    const api = countersignedFetch(signer, { clock, fetch: through });
    const answer = api('https://api.example.com/v1/orders');
    // The backend's own answer is not countersigned.
    await expect(answer).rejects.toMatchObject({ code: 'response_unsigned' });
    expect(opened.events.map(({ code }) => code)).toEqual(['stale_timestamp', undefined]);
    expect(Math.round(clock.offset() / hour)).toBe(1);
  });

  it('leaves refusals of the backend alone', async () => {
    const { call } = await open();
    const answer = await call({ target: '/status?code=403' });
    expect(answer.status).toBe(403);
    expect(jsonOf(answer)).toMatchObject({ target: '/status?code=403' });
  });

  it('lets nothing through when the gateway is down', async () => {
    const { call, gateway } = await open();
    await gateway.close();
    const before = await countSeen();
    expect((await call()).status).toBe(500);
    expect(await countSeen()).toBe(before);
  });

  it('leads to the backend in Python that is documented, which refuses other bodies than were signed', async () => {
    const documentedBackend = await startDocumentedBackend();
    opened.push(documentedBackend);
    const opening = await open({}, undefined, documentedBackend.origin);
    const { send, call, accessKey } = opening;
    const hello = { access_key: accessKey, service: 'shop', scopes: ['orders:read', 'orders:write'] };
    expect(jsonOf(await call())).toEqual({ hello, bytes: 0 });
    expect(jsonOf(await call({ method: 'POST', body: '{"to":"A"}' }))).toEqual({ hello, bytes: 10 });
    const sent = signed(opening, { method: 'POST', body: '{"to":"A"}' });
    expect((await send({ ...sent, body: new TextEncoder().encode('{"to":"B"}') })).status).toBe(403);
    expect((await send({ ...signed(opening, { method: 'POST' }), body: new TextEncoder().encode('{}') })).status).toBe(
      403,
    );
    expect((await send({ ...signed(opening, { method: 'POST', body: '{}' }), body: undefined })).status).toBe(403);
    expect((await fetch(documentedBackend.origin, { method: 'POST', body: '{}' })).status).toBe(403);
  });

  it('does not let callers ask the gateway', async () => {
    const { call } = await open();
    expect((await call({ target: '/_countersign' })).status).toBe(404);
  });
});
