import {
  countersignedFetch,
  createSigner,
  generateCredentials,
  prepareRequest,
  retirementFetch,
  type Signer,
  signedFetch,
} from 'countersign';
import { explainRefusals } from 'countersign/explain';
import { countersignV1 } from 'countersign/schemes';
import {
  type AuditEvent,
  createVerifier,
  memoryKeys,
  memoryReplay,
  type ReplayStore,
  type VerifierOptions,
} from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterEach, describe, expect, it } from 'vitest';
import { type Adapter, type App, type AppOptions, sha256, type Told } from './adapter.ts';
import {
  type Answered,
  type Connect,
  connectPlain,
  fetchOver,
  hangUp,
  type Sent,
  sendBeginning,
  sendInTwo,
} from './wire.ts';

type Opened = App & { readonly signer: Signer; readonly events: AuditEvent[]; readonly secret: string };
type Opening = Omit<AppOptions, 'verifier'> & {
  readonly options?: Partial<VerifierOptions>;
  /** When the secret ends, in milliseconds since the epoch. @default never */
  readonly expiresAt?: number;
  /** Of the key. @default ['orders:read'] */
  readonly scopes?: readonly string[];
};
type Described = Partial<Omit<Sent, 'body'>> & { readonly body?: string | Uint8Array<ArrayBuffer> };

const megabyte = new Uint8Array(2 ** 20).map((_, i) => (i * 7919) >> 3);
const json = { 'content-type': 'application/json' };

/** What every adapter must do, by real requests over real sockets. */
export function describeAdapter(adapter: Adapter): void {
  const { send } = adapter;
  // The platform's own where it believes the server.
  const fetching = adapter.connect === connectPlain ? {} : { fetch: fetchOver(send) };
  const opened: App[] = [];
  afterEach(async () => {
    for (const app of opened.splice(0)) await app.close();
  });

  async function open({ options, expiresAt, scopes = ['orders:read'], ...rest }: Opening = {}): Promise<Opened> {
    const { accessKey, secret } = generateCredentials();
    const events: AuditEvent[] = [];
    const verifier = createVerifier({
      keys: memoryKeys([
        {
          accessKey,
          service: 'shop',
          secrets: [{ secret, ...(expiresAt !== undefined && { expiresAt }) }],
          scopes,
        },
      ]),
      replay: memoryReplay(),
      audit: (event) => void events.push(event),
      ...options,
    });
    const app = await adapter.start({ verifier, ...rest });
    opened.push(app);
    return { ...app, signer: createSigner({ accessKey, secret }), events, secret };
  }

  /** A signed request to the app. */
  function signed(
    { signer, origin }: Opened,
    { method = 'GET', target = '/v1/orders', headers = {}, body, pieces }: Described = {},
  ): Sent {
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
    const added = prepareRequest(signer, {
      method,
      url: origin + target,
      headers: flat,
      ...(body !== undefined && { body }),
    }).headers;
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return { method, target, headers: { ...headers, ...added }, body: bytes, ...(pieces && { pieces }) };
  }

  const told = ({ bytes }: Answered): Told => JSON.parse(bytes.toString());
  const codeOf = ({ status, bytes }: Answered): string => `${status} ${JSON.parse(bytes.toString()).code}`;

  describe(adapter.name, () => {
    it('lets a signed request through, and tells whose it is', async () => {
      const app = await open();
      const answer = await send(app.origin, signed(app));
      expect(answer.status).toBe(200);
      expect(told(answer)).toMatchObject({ service: 'shop', read: sha256(new Uint8Array()) });
      expect(app.events).toMatchObject([{ outcome: 'accepted', path: '/v1/orders', address: '127.0.0.1' }]);
    });

    it.each<[string, Described]>([
      ['JSON', { body: '{ "sku" : "A-1" }', headers: json }],
      [
        'bytes that are no text',
        { body: Uint8Array.of(0, 255, 13, 10, 128), headers: { 'content-type': 'application/octet-stream' } },
      ],
      ['no type', { body: 'free' }],
      ['a mebibyte', { body: megabyte }],
      ['a mebibyte of unknown length', { body: megabyte, pieces: 9 }],
      ['JSON in pieces', { body: '{"sku":"A-1"}', headers: json, pieces: 4 }],
      ['nothing in it', { body: new Uint8Array() }],
      ['no end in sight, and nothing in it', { body: new Uint8Array(), pieces: 1 }],
    ])('hands on a body with %s, as verified and to be read', async (_, described) => {
      const app = await open();
      const sent = signed(app, { method: 'POST', ...described });
      const answer = await send(app.origin, sent);
      expect(answer.status).toBe(200);
      const { verified, read } = told(answer);
      expect(read).toBe(sha256(sent.body ?? new Uint8Array()));
      if (sent.body?.length) expect(verified).toBe(read);
    });

    it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('takes %s like any other', async (method) => {
      const app = await open();
      expect((await send(app.origin, signed(app, { method }))).status).toBe(200);
      expect(codeOf(await send(app.origin, { method, target: '/', headers: {} }))).toBe('401 missing_signature');
    });

    it('answers a HEAD without a body', async () => {
      const app = await open();
      const answer = await send(app.origin, signed(app, { method: 'HEAD' }));
      expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      const refused = await send(app.origin, { method: 'HEAD', target: '/', headers: {} });
      expect([refused.status, refused.bytes.length]).toEqual([401, 0]);
    });

    it.each([
      '/a%2fb',
      '/a%2Fb%20c',
      '//double//slash',
      '/?a=1&a=2&b',
      ...(adapter.decodes ? [] : ['/%F0']),
      '/a?q=%F0%25zz',
      "/it's(a)*;x=1",
      '/a?b=c+d%2Bd',
      '/?',
      '/x?url=http://y//z',
    ])('judges the target %s as it stands on the wire', async (target) => {
      const app = await open();
      const sent = signed(app, { target });
      expect((await send(app.origin, sent)).status).toBe(200);
      const other = await send(app.origin, { ...signed(app, { target }), target: `${target}&` });
      expect(codeOf(other)).toBe('401 invalid_signature');
    });

    it('refuses what is unsigned, changed, or sent twice, with problem details', async () => {
      const app = await open();
      const unsigned = await send(app.origin, { method: 'GET', target: '/v1/orders', headers: {} });
      expect(codeOf(unsigned)).toBe('401 missing_signature');
      expect(unsigned.headers.get('content-type')).toBe('application/problem+json');
      expect(unsigned.headers.get('cache-control')).toBe('no-store');
      expect(unsigned.headers.get('www-authenticate')).toContain('missing_signature');
      const sent = signed(app, { method: 'POST', body: '{"to":"A"}', headers: json });
      const changed = { ...sent, body: new TextEncoder().encode('{"to":"B"}') };
      expect(codeOf(await send(app.origin, changed))).toBe('401 body_digest_mismatch');
      expect(codeOf(await send(app.origin, { ...sent, method: 'PUT' }))).toBe('401 invalid_signature');
      expect((await send(app.origin, sent)).status).toBe(200);
      expect(codeOf(await send(app.origin, sent))).toBe('401 replayed_request');
      expect(app.events.map(({ outcome }) => outcome)).toEqual([
        'refused',
        'refused',
        'refused',
        'accepted',
        'refused',
      ]);
    });

    it('tells the callers of a key that explains what differs', async () => {
      const { accessKey, secret } = generateCredentials({ environment: 'test' });
      const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], explain: true }]);
      const opened = await open({ options: { keys, explain: explainRefusals({ timeout: 10_000 }) } });
      const app = { ...opened, signer: createSigner({ accessKey, secret }) };
      const sent = signed(app, { method: 'POST', target: '/v1/orders', body: '{"to": "A"}', headers: json });
      const moved = await send(app.origin, { ...sent, target: '/v1/orders/' });
      expect(JSON.parse(moved.bytes.toString())).toMatchObject({
        code: 'signature_mismatch',
        detail: expect.stringContaining('The caller signed the path /v1/orders; /v1/orders/ was received.'),
        stringToSign: expect.stringContaining('\nPOST\n'),
        differences: [{ code: 'path-slash', proven: true }],
      });
      const changed = await send(app.origin, { ...sent, body: new TextEncoder().encode('{"to":"A"}') });
      expect(JSON.parse(changed.bytes.toString())).toMatchObject({
        code: 'body_digest_mismatch',
        differences: [{ code: 'body-serialised', proven: true }],
      });
    });

    it('refuses a signed request to which somebody has added a body', async () => {
      const app = await open();
      const sent = { ...signed(app, { method: 'POST' }), body: new TextEncoder().encode('{}') };
      expect(codeOf(await send(app.origin, sent))).toBe('401 missing_body_digest');
    });

    it('joins a header that comes twice', async () => {
      const app = await open();
      const sent = signed(app);
      const nonce = sent.headers['X-API-Nonce'] ?? sent.headers['x-api-nonce'] ?? '';
      const name = 'X-API-Nonce' in sent.headers ? 'X-API-Nonce' : 'x-api-nonce';
      const answer = await send(app.origin, {
        ...sent,
        headers: { ...sent.headers, [name]: [String(nonce), String(nonce)] },
      });
      expect([400, 401]).toContain(answer.status);
      expect(app.events.map(({ outcome }) => outcome)).toEqual(['refused']);
    });

    it('asks for the scope of the gate', async () => {
      const app = await open({ scope: 'orders:write' });
      expect(codeOf(await send(app.origin, signed(app)))).toBe('403 insufficient_scope');
      const reader = await open({ scope: 'orders:read' });
      expect((await send(reader.origin, signed(reader))).status).toBe(200);
    });

    it('refuses a body above the limit, whether its length is known or not', async () => {
      const app = await open({ options: { maxBodyBytes: 1000 } });
      for (const pieces of [0, 3]) {
        const sent = signed(app, { method: 'POST', body: new Uint8Array(1001), ...(pieces && { pieces }) });
        expect(codeOf(await send(app.origin, sent))).toBe('413 body_too_large');
      }
      expect((await send(app.origin, signed(app, { method: 'POST', body: new Uint8Array(1000) }))).status).toBe(200);
    });

    it('signs its answers where it is asked to', async () => {
      const app = await open({ countersign: 'always' });
      const answer = await send(app.origin, signed(app, { method: 'POST', body: '{}', headers: json }));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-api-signature')).toMatch(/^v1=[\da-f]{64}$/);
      expect(answer.headers.get('unencoded-digest')).toContain(
        Buffer.from(sha256(answer.bytes), 'hex').toString('base64'),
      );
    });

    it('signs its answers so that the caller can check them', async () => {
      const app = await open({ countersign: 'always' });
      const api = countersignedFetch(app.signer, fetching);
      expect((await api(`${app.origin}/v1/orders`, { method: 'POST', body: '{}', headers: json })).status).toBe(200);
      expect((await api(`${app.origin}/v1/orders`, { method: 'HEAD' })).status).toBe(200);
    });

    it('answers 500 where nobody can sign the answer, and the nonce is not spent', async () => {
      const { response: _, ...answerless } = countersignV1;
      const claimed: string[] = [];
      const replay: ReplayStore = {
        claim(_accessKey, nonce) {
          claimed.push(nonce);
          return 'fresh';
        },
      };
      const app = await open({ countersign: 'always', options: { scheme: answerless, replay } });
      expect(codeOf(await send(app.origin, signed(app)))).toBe('500 internal_error');
      expect(claimed).toEqual([]);
      expect(app.events).toMatchObject([
        { outcome: 'refused', code: 'internal_error', message: expect.stringContaining('signs no responses') },
      ]);
    });

    it.each(['never', 'always'] as const)('tells when the secret retires, countersigned %s', async (countersign) => {
      const expiresAt = Date.now() + 3_600_000;
      const app = await open({ expiresAt, countersign });
      const heard: Date[] = [];
      const signing = countersign === 'always' ? countersignedFetch : signedFetch;
      const api = retirementFetch(app.signer, {
        fetch: signing(app.signer, { fetch: fetchOver(send) }),
        onRetirement: (retiresAt) => heard.push(retiresAt),
      });
      expect((await api(`${app.origin}/v1/orders`, { method: 'POST', body: '{}' })).status).toBe(200);
      expect(heard).toEqual([new Date(Math.floor(expiresAt / 1000) * 1000)]);
      const calm = await open({ countersign });
      expect((await send(calm.origin, signed(calm))).headers.has('x-api-secret-retires')).toBe(false);
    });

    it('tells what is left of the budget of the key', async () => {
      const byKey = new RateLimiterMemory({ points: 2, duration: 60 });
      const app = await open({ options: { limits: { byKey } } });
      const answer = await send(app.origin, signed(app));
      expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, '"key";r=1;t=60']);
      await send(app.origin, signed(app));
      const refused = await send(app.origin, signed(app));
      expect(codeOf(refused)).toBe('429 rate_limited');
      expect(refused.headers.get('retry-after')).toBe('60');
    });

    if (!adapter.front) {
      it('takes the client from trusted proxies, by all lines of what they forward', async () => {
        const trustedProxies = { addresses: ['127.0.0.1'], headers: ['x-forwarded-for'] } as const;
        const app = await open({ options: { trustedProxies } });
        const headers = { 'x-forwarded-for': ['192.0.2.66', '203.0.113.9'] };
        expect((await send(app.origin, signed(app, { headers }))).status).toBe(200);
        expect(app.events).toMatchObject([{ outcome: 'accepted', address: '203.0.113.9' }]);
      });
    }

    if (adapter.mount) {
      it('judges the whole path where it is mounted below another', async () => {
        const app = await open();
        expect((await send(app.origin, signed(app, { target: `${adapter.mount}/v1/orders?a=1` }))).status).toBe(200);
        expect(app.events).toMatchObject([{ outcome: 'accepted', path: `${adapter.mount}/v1/orders` }]);
      });
    }

    if (adapter.scoped) {
      it('asks for the scope of a route', async () => {
        const app = await open();
        const { scoped: target = '' } = adapter;
        expect(codeOf(await send(app.origin, signed(app, { target })))).toBe('403 insufficient_scope');
        const writer = await open({ scopes: ['orders:write'] });
        expect((await send(writer.origin, signed(writer, { target }))).status).toBe(200);
        expect(writer.events).toMatchObject([{ outcome: 'accepted' }]);
      });

      it('tells the audit that a route has refused what the gate accepted', async () => {
        const app = await open();
        const { scoped: path = '' } = adapter;
        const sent = signed(app, { target: path });
        await send(app.origin, sent);
        const whose = { service: 'shop', path, nonce: sent.headers['X-API-Nonce'], address: '127.0.0.1' };
        expect(whose.nonce).toMatch(/^[\w-]{16,}$/);
        const message = 'The scopes of the key do not include orders:write.';
        expect(app.events).toEqual([
          expect.objectContaining({ ...whose, outcome: 'accepted' }),
          expect.objectContaining({ ...whose, outcome: 'refused', code: 'insufficient_scope', message }),
        ]);
      });

      it.each(['always', 'never'] as const)(
        'signs what a route refuses, where answers are signed %s',
        async (countersign) => {
          const app = await open({ countersign });
          const api = countersignedFetch(app.signer, fetching);
          const answer = await api(app.origin + adapter.scoped);
          expect(await answer.json()).toMatchObject({ status: 403, code: 'insufficient_scope' });
        },
      );
    }

    if (adapter.connect) describeHttp1(adapter.connect);
    if (adapter.connect && !adapter.front) describeInterrupted(adapter.connect);
  });

  const head = ({ method, target, headers }: Sent, { origin }: Opened): string =>
    [
      `${method} ${target} HTTP/1.1`,
      `Host: ${new URL(origin).host}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
    ].join('\r\n');

  function describeHttp1(connect: Connect): void {
    if (!adapter.web) {
      it('refuses two hosts', async () => {
        const app = await open();
        const text = head(signed(app), app);
        const answer = await sendBeginning(
          app.origin,
          `${text}Host: other.example\r\nConnection: close\r\n\r\n`,
          connect,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      });
    }

    it('serves the next request on the same connection', async () => {
      const app = await open();
      const one = signed(app, { method: 'POST', body: 'abcdef' });
      const two = signed(app);
      const text = `${head(one, app)}Content-Length: 6\r\n\r\nabcdef${head(two, app)}Connection: close\r\n\r\n`;
      const answer = await sendBeginning(app.origin, text, connect);
      expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
    });
  }

  function describeInterrupted(connect: Connect): void {
    it('refuses before the body has come, and serves the next request on the same connection', async () => {
      const app = await open();
      const refused = { ...signed(app, { method: 'POST', body: 'abcdef' }), method: 'PUT' };
      const beginning = `${head(refused, app)}Content-Length: 6\r\n\r\nabc`;
      const rest = `def${head(signed(app), app)}Connection: close\r\n\r\n`;
      const answer = await sendInTwo(app.origin, [beginning, rest], connect);
      expect(answer.match(/HTTP\/1\.1 \d{3} /g)).toEqual(['HTTP/1.1 401 ', 'HTTP/1.1 200 ']);
    });

    it('answers a body that is said to be too large before it has come', async () => {
      const app = await open({ options: { maxBodyBytes: 1000 } });
      const sent = signed(app, { method: 'POST', body: new Uint8Array(1001) });
      const answer = await sendBeginning(app.origin, `${head(sent, app)}Content-Length: 100000000\r\n\r\nabc`, connect);
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      if (!adapter.web) expect(answer.toLowerCase()).toContain('connection: close');
    });

    it('stops reading a body without end at the limit', async () => {
      const app = await open({ options: { maxBodyBytes: 1000 } });
      const sent = signed(app, { method: 'POST', body: new Uint8Array(1001) });
      const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
      const answer = await sendBeginning(
        app.origin,
        `${head(sent, app)}Transfer-Encoding: chunked\r\n\r\n${chunk}`,
        connect,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    });

    it('takes a body that breaks off for one that was never whole', async () => {
      const app = await open();
      const sent = signed(app, { method: 'POST', body: 'abcdef' });
      await hangUp(app.origin, `${head(sent, app)}Content-Length: 6\r\n\r\nabc`, connect);
      await expect.poll(() => app.events.map(({ code }) => code)).toEqual(['body_interrupted']);
    });
  }
}
