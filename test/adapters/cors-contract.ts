import { countersignedFetch, createSigner, generateCredentials, prepareRequest, type Signer } from 'countersign';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterEach, describe, expect, it } from 'vitest';
import { type Adapter, type App, type AppOptions, varied } from './adapter.ts';
import { type Answered, sendBeginning, sendHttp1 } from './wire.ts';

type Opened = App & { readonly signer: Signer; readonly events: AuditEvent[] };
type Opening = Omit<AppOptions, 'verifier'> & { readonly options?: Partial<VerifierOptions> };
type Described = { readonly target?: string; readonly origin?: string; readonly body?: Uint8Array<ArrayBuffer> };

const page = 'https://app.example.com';
const stranger = 'https://evil.example';
const asking = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key' };

const corsIn = ({ headers }: Answered): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

/** What every adapter must do by the CORS protocol, over real sockets. */
export function describeCors(adapter: Adapter): void {
  const { send } = adapter;
  const opened: App[] = [];
  afterEach(async () => {
    for (const app of opened.splice(0)) await app.close();
  });

  async function open({ options, ...rest }: Opening = {}): Promise<Opened> {
    const { accessKey, secret } = generateCredentials();
    const events: AuditEvent[] = [];
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret, expiresAt: Date.now() + 3_600_000 }] }]),
      replay: memoryReplay(),
      audit: (event) => void events.push(event),
      ...options,
    });
    const app = await adapter.start({ verifier, cors: { origins: [page] }, ...rest });
    opened.push(app);
    return { ...app, signer: createSigner({ accessKey, secret }), events };
  }

  const preflight = (app: Opened, { target = '/v1/orders', origin = page, body }: Described = {}): Promise<Answered> =>
    send(app.origin, { method: 'OPTIONS', target, headers: { origin, ...asking }, body });

  function call(app: Opened, { target = '/v1/orders', origin = page, body }: Described = {}): Promise<Answered> {
    const method = body ? 'POST' : 'GET';
    const added = prepareRequest(app.signer, { method, url: app.origin + target, ...(body && { body }) }).headers;
    return send(app.origin, { method, target, headers: { origin, ...added }, body });
  }

  describe(`${adapter.name}, called by pages of other origins`, () => {
    it('answers preflights itself, without judging them', async () => {
      const app = await open({
        options: { limits: { byAddress: new RateLimiterMemory({ points: 0, duration: 60 }) } },
      });
      for (const target of ['/v1/orders', '/', '/a%2Fb?c=d', adapter.scoped ?? '/', `${adapter.mount ?? ''}/v1`]) {
        const answer = await preflight(app, { target });
        expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
        expect(corsIn(answer)).toMatchObject({
          'access-control-allow-origin': page,
          'access-control-allow-headers': expect.stringContaining('x-api-signature'),
          vary: 'Origin',
        });
      }
      expect(app.events).toEqual([]);
    });

    it('tells pages that are not listed nothing', async () => {
      const app = await open();
      const answer = await preflight(app, { origin: stranger });
      expect([answer.status, corsIn(answer)]).toEqual([204, { vary: 'Origin' }]);
      const called = await call(app, { origin: stranger });
      expect([called.status, corsIn(called)]).toEqual([200, { vary: `${varied}, Origin` }]);
    });

    it('has every other OPTIONS signed', async () => {
      const app = await open();
      const headers = { origin: page };
      const sent = { method: 'OPTIONS', target: '/v1/orders', headers };
      expect((await send(app.origin, sent)).status).toBe(401);
      const added = prepareRequest(app.signer, { method: 'OPTIONS', url: `${app.origin}/v1/orders` }).headers;
      expect((await send(app.origin, { ...sent, headers: { ...headers, ...added } })).status).toBe(200);
    });

    it.each(['never', 'always'] as const)(
      'lets listed pages read answers, beside what handlers say of caches (countersigned: %s)',
      async (countersign) => {
        const app = await open({ countersign });
        for (const body of [undefined, new TextEncoder().encode('{}')]) {
          const answer = await call(app, { ...(body && { body }) });
          expect(answer.status).toBe(200);
          expect(corsIn(answer)).toMatchObject({ 'access-control-allow-origin': page, vary: `${varied}, Origin` });
          expect(answer.headers.get('access-control-expose-headers')?.split(', ')).toEqual(
            expect.arrayContaining(['X-API-Signature', 'X-API-Secret-Retires', 'Retry-After']),
          );
          expect(answer.headers.has('x-api-signature')).toBe(countersign === 'always');
          expect(answer.headers.has('x-api-secret-retires')).toBe(true);
        }
      },
    );

    it('says the same to all where all are let in', async () => {
      const app = await open({ cors: { origins: '*' } });
      for (const origin of [page, stranger]) {
        expect(corsIn(await call(app, { origin }))).toMatchObject({ 'access-control-allow-origin': '*', vary: varied });
      }
    });

    it('lets them read refusals', async () => {
      const nothingLeft = { limits: { byKey: new RateLimiterMemory({ points: 0, duration: 60 }) } };
      const large = { body: new Uint8Array(1001) };
      const cases: readonly (readonly [number, Opening, Described])[] = [
        [403, { scope: 'orders:write' }, {}],
        [413, { options: { maxBodyBytes: 1000 } }, large],
        [429, { options: nothingLeft }, {}],
        [503, { options: { replay: { claim: () => Promise.reject(new Error('gone')) } } }, {}],
        ...(adapter.scoped ? [[403, {}, { target: adapter.scoped }] as const] : []),
        ...(adapter.failing ? [[500, {}, { target: adapter.failing }] as const] : []),
      ];
      for (const [status, opening, described] of cases) {
        const answer = await call(await open(opening), described);
        expect(answer.status).toBe(status);
        expect(corsIn(answer)).toMatchObject({
          'access-control-allow-origin': page,
          'access-control-expose-headers': expect.stringContaining('Retry-After'),
          vary: expect.stringMatching(/\bOrigin$/),
        });
      }
      const unsigned = { method: 'GET', target: '/', headers: { origin: page } };
      const { status, headers } = await send((await open()).origin, unsigned);
      expect([status, headers.get('access-control-allow-origin')]).toEqual([401, page]);
    });

    it('tells what is left of a budget', async () => {
      const app = await open({ options: { limits: { byKey: new RateLimiterMemory({ points: 9, duration: 60 }) } } });
      expect((await call(app)).headers.get('ratelimit')).toBe('"key";r=8;t=60');
    });

    // A gate that is made for each request refuses with 500 then.
    if (!adapter.gatePerRequest) {
      it('is refused when it is made where no browser would ever match', async () => {
        await expect(open({ cors: { origins: [`${page}/`] } })).rejects.toThrow(/cors\.origins/);
      });
    }

    if (send !== sendHttp1) return;

    const head = `OPTIONS / HTTP/1.1\r\nHost: api\r\nOrigin: ${page}\r\nAccess-Control-Request-Method: POST\r\n`;

    it('serves the next request on the connection of a preflight', async () => {
      const answer = await sendBeginning((await open()).origin, `${head}\r\n${head}Connection: close\r\n\r\n`);
      expect(answer.match(/HTTP\/1\.1 204 /g)).toHaveLength(2);
    });

    if (!adapter.web) {
      it('waits for no body of a preflight', async () => {
        const answer = await sendBeginning((await open()).origin, `${head}Content-Length: 6\r\n\r\nabc`);
        expect(answer).toMatch(/^HTTP\/1\.1 204 /);
        expect(answer.toLowerCase()).toContain('connection: close\r\n');
      });
    }

    it('countersigns answers that pages can read so that they can be checked', async () => {
      const app = await open({ countersign: 'always' });
      const api = countersignedFetch(app.signer);
      const response = await api(`${app.origin}/v1/orders`, { method: 'POST', body: '{}', headers: { 'x-tag': 'a' } });
      expect([response.status, response.headers.get('vary')]).toEqual([200, `${varied}, Origin`]);
    });
  });
}
