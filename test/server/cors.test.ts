import { countersignedFetch, createSigner } from 'countersign';
import { countersignV1, defineScheme, presign, rfc9421, sigv4 } from 'countersign/schemes';
import { type CorsOptions, protect, type VerifierOptions } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { rig, url } from './rig.ts';

const app = 'https://app.example.com';
const stranger = 'https://evil.example';
const hello = () => Response.json({ hello: 'shop' });

/** A gate with CORS, and what reached handler, audit and replay store. */
function gate(
  cors: CorsOptions,
  { answer = hello, ...options }: Partial<VerifierOptions> & { answer?: () => Response } = {},
) {
  const made = rig(options);
  let handled = 0;
  const handle = protect(
    made.verifier,
    () => {
      handled++;
      return answer();
    },
    { cors },
  );
  return { ...made, handle, handled: () => handled };
}

const preflightFrom = (origin: string, headers: Record<string, string> = {}): Request =>
  new Request(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', ...headers } });

const corsIn = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

const namesIn = (response: Response, name: string): readonly string[] =>
  (response.headers.get(name) ?? '').split(', ').sort();

describe('a preflight', () => {
  it('is answered without being judged, counted or passed on', async () => {
    const byAddress = new RateLimiterMemory({ points: 1, duration: 60 });
    const { handle, handled, events, claimed } = gate({ origins: [app] }, { limits: { byAddress } });
    for (const origin of [app, app, stranger]) {
      const response = await handle(preflightFrom(origin));
      expect([response.status, response.body]).toEqual([204, null]);
    }
    expect([handled(), events, claimed, await byAddress.get('unknown')]).toEqual([0, [], [], null]);
  });

  it('names what the scheme sends, what the answer may be asked with, and nothing that was asked for', async () => {
    const { handle } = gate({ origins: [app] });
    const asked = { 'access-control-request-headers': 'x-evil', 'access-control-request-method': 'EVIL' };
    expect(corsIn(await handle(preflightFrom(app, asked)))).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'x-api-key, x-api-timestamp, x-api-nonce, x-api-payload, x-api-signed-headers, x-api-signature, content-digest, content-type',
      'access-control-max-age': '7200',
      vary: 'Origin',
    });
  });

  it('names the headers of every scheme, Authorization too, for which no wildcard stands', async () => {
    const scope = { region: 'eu-west-1', service: 'orders' };
    const own = defineScheme({
      name: 'own',
      stringToSign: '{method}\n{authority}\n{target}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
      headers: { 'X-Own': '{accessKey}:{signature}', 'X-Own-Time': '{timestamp}', 'X-Own-Nonce': '{nonce}' },
    });
    const { handle } = gate(
      { origins: '*', headers: ['X-Tag'] },
      { scheme: [countersignV1, rfc9421(), sigv4(scope), presign(scope), own], acceptFindings: ['no-nonce'] },
    );
    const names = namesIn(await handle(preflightFrom(app)), 'access-control-allow-headers');
    expect(names).toEqual(expect.arrayContaining(['authorization', 'signature-input', 'x-own-nonce', 'x-api-key']));
    expect(names).toContain('x-tag');
    expect(names).not.toContain('*');
    expect(names).toEqual([...new Set(names)]);
  });

  it('takes what it is told for methods, headers and age', async () => {
    const cors = { origins: [app], methods: ['QUERY'], headers: ['Content-Type', 'x-tag'], maxAge: 0 };
    const { handle } = gate(cors);
    const response = await handle(preflightFrom(app));
    expect(response.headers.get('access-control-allow-methods')).toBe('QUERY');
    expect(namesIn(response, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(['content-type', 'x-tag']),
    );
    expect(response.headers.get('access-control-max-age')).toBe('0');
  });

  it.each([
    stranger,
    'null',
    `${app}.evil.example`,
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    `${app}/`,
    `${app}, ${stranger}`,
    `${stranger}, ${app}`,
    '*',
    '',
  ])('from %j, which is not listed, learns nothing', async (origin) => {
    const { handle } = gate({ origins: [app, 'https://other.example.com'] });
    const response = await handle(preflightFrom(origin));
    expect([response.status, corsIn(response)]).toEqual([204, { vary: 'Origin' }]);
  });

  it.each([
    'null',
    'capacitor://localhost',
    'chrome-extension://aaaabbbbccccdddd',
    'http://[::1]:5173',
    'http://localhost',
  ])('from %s is granted where it is listed', async (origin) => {
    const { handle } = gate({ origins: [origin] });
    expect((await handle(preflightFrom(origin))).headers.get('access-control-allow-origin')).toBe(origin);
  });

  it('is the same for all where all are let in, so that caches need not tell them apart', async () => {
    const { handle } = gate({ origins: '*' });
    for (const origin of [app, stranger, 'null']) {
      const { 'access-control-allow-origin': allowed, vary } = corsIn(await handle(preflightFrom(origin)));
      expect([allowed, vary]).toEqual(['*', undefined]);
    }
  });

  it.each<[string, Record<string, string>]>([
    ['without an origin', { 'access-control-request-method': 'POST' }],
    ['without a method to ask for', { origin: app }],
    ['with an empty method to ask for', { origin: app, 'access-control-request-method': '' }],
  ])('is no OPTIONS %s: that must be signed', async (_, headers) => {
    const { handle, signer, events } = gate({ origins: [app] });
    const request = () => new Request(url, { method: 'OPTIONS', headers });
    expect((await handle(request())).status).toBe(401);
    expect((await handle(await signer.sign(request()))).status).toBe(200);
    expect(events.map(({ code }) => code)).toEqual(['missing_signature', undefined]);
  });

  it.each(['GET', 'POST', 'HEAD'])('is no %s, whatever headers it has', async (method) => {
    const { handle } = gate({ origins: [app] });
    const { headers } = preflightFrom(app);
    expect((await handle(new Request(url, { method, headers }))).status).toBe(401);
  });

  it('is refused like any other request where the gate knows of no other origins', async () => {
    const { verifier, events } = rig();
    const response = await protect(verifier, hello)(preflightFrom(app));
    expect([response.status, corsIn(response), events.length]).toEqual([401, {}, 1]);
  });
});

describe('an answer', () => {
  const exposed =
    'X-API-Timestamp, Unencoded-Digest, X-API-Signature, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-API-Secret-Retires, Content-Range, Location, Date';

  it('can be read by a listed page, with all that this package tells a caller', async () => {
    const { handle, signer } = gate({ origins: [app] });
    const request = await signer.sign(new Request(url, { headers: { origin: app } }));
    expect(corsIn(await handle(request))).toEqual({
      'access-control-allow-origin': app,
      'access-control-expose-headers': exposed,
      vary: 'Origin',
    });
  });

  it.each([stranger, 'null', undefined])('to %s has nothing but a hint for caches', async (origin) => {
    const { handle, signer } = gate({ origins: [app] });
    const headers = origin === undefined ? {} : { origin };
    expect(corsIn(await handle(await signer.sign(new Request(url, { headers }))))).toEqual({ vary: 'Origin' });
  });

  it.each([app, undefined])('to %s is the same as to all where all are let in', async (origin) => {
    const { handle, signer } = gate({ origins: '*' });
    const headers = origin === undefined ? {} : { origin };
    expect(corsIn(await handle(await signer.sign(new Request(url, { headers }))))).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': exposed,
    });
  });

  it('exposes how each scheme asks to be signed, and what else it is told to', async () => {
    const { handle } = gate(
      { origins: [app], exposed: ['Location', 'x-api-timestamp'] },
      { scheme: [countersignV1, rfc9421()] },
    );
    const response = await handle(new Request(url, { headers: { origin: app } }));
    const names = namesIn(response, 'access-control-expose-headers');
    for (const [name] of response.headers) {
      const safelisted = ['cache-control', 'content-type', 'vary'].includes(name) || name.startsWith('access-control-');
      if (!safelisted) expect(names.map((one) => one.toLowerCase())).toContain(name);
    }
    expect(names).toEqual(expect.arrayContaining(['Accept-Signature', 'Location', 'Signature-Input']));
    expect(names.filter((name) => /^x-api-timestamp$/i.test(name))).toHaveLength(1);
  });

  const identity = (signed: Request) => signed;

  it.each<[number, Partial<VerifierOptions>, (signed: Request) => Request | Promise<Request>]>([
    [400, {}, () => new Request(url, { headers: { origin: app, 'x-api-key': 'a' } })],
    [401, {}, () => new Request(url, { headers: { origin: app } })],
    [413, { maxBodyBytes: 1 }, identity],
    [429, { limits: { byKey: new RateLimiterMemory({ points: 0, duration: 60 }) } }, identity],
    [500, {}, (signed) => signed.text().then(() => signed)],
    [503, { replay: { claim: () => Promise.reject(new Error('gone')) } }, identity],
  ])('that refuses with %i can be read too', async (status, options, sent) => {
    const { handle, signer } = gate({ origins: [app] }, options);
    const signed = await signer.sign(new Request(url, { method: 'POST', body: '{}', headers: { origin: app } }));
    const response = await handle(await sent(signed));
    expect(response.status).toBe(status);
    expect(corsIn(response)).toEqual({
      'access-control-allow-origin': app,
      'access-control-expose-headers': exposed,
      vary: 'Origin',
    });
  });

  it.each([
    ['Accept-Encoding', 'Accept-Encoding, Origin'],
    ['accept-encoding,origin', 'accept-encoding, origin'],
    ['*', '*'],
    [' , Accept', 'Accept, Origin'],
  ])('keeps what a handler says of Vary: %j', async (vary, expected) => {
    const answer = () => new Response('x', { headers: { vary } });
    for (const origin of [app, stranger]) {
      const { handle, signer } = gate({ origins: [app] }, { answer });
      const response = await handle(await signer.sign(new Request(url, { headers: { origin } })));
      expect(response.headers.get('vary')).toBe(expected);
    }
  });

  it('keeps what a handler exposes, and decides itself who may read', async () => {
    const answer = () =>
      new Response('x', {
        headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'X-Total, retry-after' },
      });
    const { handle, signer } = gate({ origins: [app] }, { answer });
    const from = async (origin: string) => handle(await signer.sign(new Request(url, { headers: { origin } })));
    const listed = await from(app);
    expect(listed.headers.get('access-control-allow-origin')).toBe(app);
    expect(namesIn(listed, 'access-control-expose-headers')).toEqual(
      [...exposed.replace('Retry-After', 'retry-after').split(', '), 'X-Total'].sort(),
    );
    expect((await from(stranger)).headers.has('access-control-allow-origin')).toBe(false);
  });

  it('that cannot be changed, as those of a fetch, is copied', async () => {
    const { handle, signer } = gate({ origins: [app] }, { answer: () => Response.redirect('https://example.com/') });
    const response = await handle(await signer.sign(new Request(url, { headers: { origin: app } })));
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([302, app]);
  });

  it.each([countersignV1, rfc9421()])('is countersigned all the same ($name)', async (scheme) => {
    const { verifier, accessKey, secret, time } = rig({ scheme });
    const handle = protect(verifier, hello, { cors: { origins: [app] }, countersign: 'always' });
    const signer = createSigner({ accessKey, secret, scheme, clock: () => time.now });
    const api = countersignedFetch(signer, {
      fetch: (input, init) => handle(new Request(input, { ...init, redirect: 'follow' })),
    });
    const response = await api(url, { method: 'POST', body: '{}', headers: { origin: app } });
    expect(await response.json()).toEqual({ hello: 'shop' });
    expect(response.headers.get('access-control-allow-origin')).toBe(app);
  });
});

describe('what no browser would match is refused when the gate is made:', () => {
  const { verifier } = rig();
  const making = (cors: unknown) => () => protect(verifier, hello, { cors: cors as CorsOptions });
  const refusal = expect.objectContaining({ code: 'invalid_configuration' });

  it.each([
    `${app}/`,
    `${app}/path`,
    `${app}?a`,
    `${app}#a`,
    'https://app.example.com:443',
    'https://APP.example.com',
    'https://user@app.example.com',
    'https://*.example.com',
    'https://bücher.example',
    'app.example.com',
    'https://',
    'https:app.example.com',
    ' https://app.example.com',
    `${app}, ${stranger}`,
    'capacitor://localhost/',
    'Capacitor://localhost',
    'file:',
    'NULL',
    '*',
    '',
    /example/,
    undefined,
  ])('the origin %s', (origin) => {
    expect(making({ origins: [app, origin] })).toThrow(refusal);
  });

  it.each<[string, unknown]>([
    ['no origins', {}],
    ['an empty list of origins', { origins: [] }],
    ['an origin that is not in a list', { origins: app }],
    ['a wildcard for headers', { origins: [app], headers: ['*'] }],
    ['a header that is none', { origins: [app], headers: ['x tag'] }],
    ['a line break in a header', { origins: [app], headers: ['x-tag\r\nx: y'] }],
    ['headers as one text', { origins: [app], headers: 'content-type, x-tag' }],
    ['a list in one header', { origins: [app], headers: ['content-type, x-tag'] }],
    ['a wildcard for exposed', { origins: [app], exposed: ['*'] }],
    ['a wildcard for methods', { origins: [app], methods: ['*'] }],
    ['a method in lower case', { origins: [app], methods: ['patch'] }],
    ['no methods in a list', { origins: [app], methods: 'GET' }],
    ['an age that is negative', { origins: [app], maxAge: -1 }],
    ['an age that is no number', { origins: [app], maxAge: Number.NaN }],
    ['an age without end', { origins: [app], maxAge: Number.POSITIVE_INFINITY }],
    ['an age in parts of seconds', { origins: [app], maxAge: 0.5 }],
    ['an age as a text', { origins: [app], maxAge: '60' }],
  ])('%s', (_, cors) => {
    expect(making(cors)).toThrow(refusal);
  });
});
