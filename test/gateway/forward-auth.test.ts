import { createServer } from 'node:http';
import { createSigner } from 'countersign';
import { type ForwardAuthOptions, forwardAuth } from 'countersign/gateway';
import { rfc9421, standardWebhooks } from 'countersign/schemes';
import { allowUnsignedPayload, type SignatureError } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { type Sent, sendBeginning, sendHttp1 } from '../adapters/wire.ts';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { type Call, called, codeOf, nginxHeaders, type Parties, pairOf, parties, signed } from './calls.ts';
import {
  type EnvoySettings,
  envoy,
  type Original,
  type Outcome,
  type TraefikSettings,
  traefik,
} from './proxy-doubles.ts';

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

async function open(known: Parties, options: ForwardAuthOptions): Promise<string> {
  const app = await listening(createServer(forwardAuth(known.verifier, options)));
  opened.push(app);
  return app.origin;
}

const blockOf = (language: string): string => {
  const found = blocksOf(pageNamed('docs/other-languages.md')).find((block) => block.language === language);
  if (!found) throw new Error(`docs/other-languages.md has no ${language}.`);
  return found.code;
};

/** The request as it reached the proxy. */
const original = ({ method, target, headers, body }: Sent): Original => ({
  ...{ method, target, headers, body },
  ...{ scheme: 'https', address: '203.0.113.9' },
});

const codeIn = (outcome: Outcome): string =>
  outcome.passed
    ? 'passed'
    : codeOf({ status: outcome.status, headers: new Headers(), bytes: Buffer.from(outcome.body) });

/** The value of a header in what the backend gets, whatever its case. */
const gets = (outcome: Outcome, name: string): string | undefined =>
  outcome.passed ? Object.entries(outcome.headers).find(([key]) => key.toLowerCase() === name)?.[1] : undefined;

const principalOf = (outcome: Outcome) =>
  Object.fromEntries(
    Object.entries(outcome.headers)
      .filter(([name]) => /countersign/i.test(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );

// As docs/other-languages.md has it.
const [, regex = ''] = /authResponseHeadersRegex: "\(\?i\)(.+)"/.exec(blockOf('yaml')) ?? [];
const traefikSettings: TraefikSettings = { authResponseHeadersRegex: new RegExp(regex, 'i') };

const filter = JSON.parse(
  blocksOf(pageNamed('docs/other-languages.md')).find(({ language }) => language === 'json')?.code ?? '{}',
);
const { authorization_request: adding, authorization_response: passing } = filter.typed_config.http_service;
const patterns = (list: { patterns: ReadonlyArray<{ prefix?: string; exact?: string }> }): RegExp =>
  new RegExp(list.patterns.map(({ prefix, exact }) => (prefix ? `^${prefix}` : `^${exact}$`)).join('|'));
const envoySettings: EnvoySettings = {
  headersToAdd: Object.fromEntries(
    adding.headers_to_add.map(({ key, value }: { key: string; value: string }) => [
      key,
      value.replace('%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '203.0.113.9'),
    ]),
  ),
  allowedUpstreamHeaders: patterns(passing.allowed_upstream_headers),
  allowedClientHeadersOnSuccess: patterns(passing.allowed_client_headers_on_success),
};

const proxies = [
  {
    dialect: 'traefik',
    pass: (gateway: string, sent: Sent, change: Partial<TraefikSettings> = {}) =>
      traefik(gateway, original(sent), { ...traefikSettings, ...change }),
    sending: { forwardBody: true },
    // Traefik passes on the statuses of the gateway as they are.
    failing: '503 replay_store_unavailable',
  },
  {
    dialect: 'envoy',
    pass: (gateway: string, sent: Sent, change: Partial<EnvoySettings> = {}) =>
      envoy(gateway, original(sent), { ...envoySettings, ...change }),
    sending: { withRequestBody: { maxRequestBytes: 1000 } },
    failing: '503',
  },
] as const;

describe.each(proxies)('forward-auth behind $dialect', ({ dialect, pass, sending, failing }) => {
  it('lets a signed request through, and tells the backend whose it is', async () => {
    const known = parties();
    const gateway = await open(known, { dialect });
    const outcome = await pass(gateway, signed(known, { method: 'POST', body: '{}', target: '/a%2fb?c=d+e' }));
    expect(codeIn(outcome)).toBe('passed');
    expect(principalOf(outcome)).toEqual({
      'x-countersign-access-key': known.accessKey,
      'x-countersign-service': 'shop',
      'x-countersign-environment': '',
      'x-countersign-scopes': 'orders:read orders:write',
      'x-countersign-session': '',
      'x-countersign-subject': '',
      'x-countersign-scheme': 'countersign-v1',
      'x-countersign-body': 'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:',
    });
    expect(known.events).toMatchObject([{ outcome: 'accepted', path: '/a%2fb', address: '203.0.113.9' }]);
  });

  it('refuses what is unsigned, sent twice or changed, with problem details and how to sign', async () => {
    const known = parties();
    const gateway = await open(known, { dialect });
    const sent = signed(known);
    expect(codeIn(await pass(gateway, sent))).toBe('passed');
    expect(codeIn(await pass(gateway, sent))).toBe('401 replayed_request');
    expect(codeIn(await pass(gateway, { ...signed(known), target: '/admin' }))).toBe('401 invalid_signature');
    expect(codeIn(await pass(gateway, { ...signed(known), method: 'DELETE' }))).toBe('401 invalid_signature');
    const typed = signed(known, { added: { 'Content-Type': 'text/html' } });
    expect(codeIn(await pass(gateway, typed))).toBe('401 invalid_signature');
    const unsigned = await pass(gateway, { method: 'GET', target: '/', headers: { Host: 'api.example.com' } });
    expect(codeIn(unsigned)).toBe('401 missing_signature');
    expect(unsigned.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': 'Countersign scheme="countersign-v1", error="missing_signature"',
    });
  });

  it('judges a request for the host that was called', async () => {
    const known = parties();
    const gateway = await open(known, { dialect });
    const { headers, ...sent } = signed(known);
    const elsewhere = { ...sent, headers: { ...headers, Host: 'other.example.com' } };
    expect(codeIn(await pass(gateway, elsewhere))).toBe('401 invalid_signature');
    expect(codeIn(await pass(gateway, { ...sent, headers: { ...headers, Host: 'api.example.com:443' } }))).toBe(
      'passed',
    );
  });

  it.each<NonNullable<Call['added']>>([
    { 'X-Countersign-Service': 'admin' },
    { X_Countersign_Service: 'admin' },
    { 'x-countersign_environment': 'production' },
    { 'X.Countersign.Scopes': 'admin' },
    { 'X-Countersign': '1' },
  ])('refuses a request with %o', async (added) => {
    const known = parties();
    const gateway = await open(known, { dialect });
    expect(codeIn(await pass(gateway, signed(known, { added })))).toBe('400 forged_header');
    expect(codeIn(await pass(gateway, signed(known, { added: { 'X-Countersigned': '1' } })))).toBe('passed');
  });

  it('believes the proxy, and not the caller who describes another request', async () => {
    const known = parties();
    const gateway = await open(known, { dialect });
    const added = {
      'X-Original-URI': '/v1/orders',
      'X-Original-Method': 'GET',
      'X-Original-Proto': 'http',
      'X-Original-Address': '198.51.100.1',
      'X-Forwarded-Uri': '/v1/orders',
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-For': '198.51.100.1',
      X_Forwarded_Uri: '/v1/orders',
    };
    const sent = signed(known, { target: '/v1/orders', added });
    expect(codeIn(await pass(gateway, { ...sent, target: '/admin' }))).toBe('401 invalid_signature');
    expect(known.events).toMatchObject([{ path: '/admin', address: '203.0.113.9' }]);
  });

  it('reads a body that the proxy sends along, where it is told so', async () => {
    const known = parties();
    const gateway = await open(known, { dialect, body: 'sent' });
    const call: Call = { method: 'POST', body: '{"to":"A"}' };
    const outcome = await pass(gateway, signed(known, call), sending);
    expect(codeIn(outcome)).toBe('passed');
    expect(gets(outcome, 'x-countersign-body')).toMatch(/^sha-256=:[\w+/]{43}=:$/);
    const changed = { ...signed(known, call), body: new TextEncoder().encode('{"to":"B"}') };
    expect(codeIn(await pass(gateway, changed, sending))).toBe('401 body_digest_mismatch');
    const added = { ...signed(known, { method: 'POST' }), body: new TextEncoder().encode('{}') };
    expect(codeIn(await pass(gateway, added, sending))).toBe('401 missing_body_digest');
    expect(gets(await pass(gateway, signed(known), sending), 'x-countersign-body')).toBe('none');
    // A proxy that was not told to send it.
    expect(codeIn(await pass(gateway, signed(known, call)))).toBe('401 body_digest_mismatch');
  });

  it('judges a scheme that signs the bytes of the body, where the proxy sends them', async () => {
    const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
    const known = parties({ scheme: standardWebhooks() }, { accessKey: 'standard-webhooks', secrets: [{ secret }] });
    const signer = createSigner({ accessKey: 'standard-webhooks', secret, scheme: standardWebhooks() });
    const gateway = await open(known, { dialect, body: 'sent' });
    const call: Call = { method: 'POST', body: '{"event":"paid"}' };
    expect(codeIn(await pass(gateway, signed({ signer }, call), sending))).toBe('passed');
    const changed = { ...signed({ signer }, call), body: new TextEncoder().encode('{"event":"void"}') };
    expect(codeIn(await pass(gateway, changed, sending))).toBe('401 invalid_signature');
  });

  it('lets nothing through where a store is out of reach', async () => {
    const replay = { claim: () => Promise.reject(new Error('out of reach')) };
    const known = parties({ replay });
    const outcome = await pass(await open(known, { dialect }), signed(known));
    expect(
      outcome.passed ? 'passed' : `${outcome.status} ${outcome.body && JSON.parse(outcome.body).code}`.trim(),
    ).toBe(failing);
  });

  it('asks for the scope', async () => {
    const known = parties();
    expect(codeIn(await pass(await open(known, { dialect, scope: 'orders:delete' }), signed(known)))).toBe(
      '403 insufficient_scope',
    );
    expect(codeIn(await pass(await open(known, { dialect, scope: 'orders:read' }), signed(known)))).toBe('passed');
  });
});

describe('Traefik', () => {
  it.each(['GET', 'HEAD', 'POST', 'DELETE'])('may keep the method %s in its question', async (method) => {
    const known = parties();
    const gateway = await open(known, { dialect: 'traefik' });
    const settings = { ...traefikSettings, preserveRequestMethod: true };
    expect(codeIn(await traefik(gateway, original(signed(known, { method })), settings))).toBe('passed');
  });

  it('is found out where it believes callers, and other proxies before it are there to tell', async () => {
    const known = parties();
    const reports: SignatureError[] = [];
    const gateway = await open(known, { dialect: 'traefik', report: (error) => void reports.push(error) });
    const settings = { ...traefikSettings, trustForwardHeader: true };
    const sent = signed(known, { added: { 'X-Forwarded-For': '198.51.100.1' } });
    expect(codeIn(await traefik(gateway, original(sent), settings))).toBe('500 undescribed_request');
    expect(reports[0]?.message).toContain('X-Forwarded-For');
  });

  it('is set up in the documentation not to believe callers', () => {
    expect(blockOf('yaml')).toContain('trustForwardHeader: false');
    expect(regex).not.toBe('');
  });
});

describe('Envoy', () => {
  it('may put a prefix in front of the path', async () => {
    const known = parties();
    const gateway = await open(known, { dialect: 'envoy', pathPrefix: '/check' });
    const prefixed = { ...envoySettings, pathPrefix: '/check' };
    expect(codeIn(await envoy(gateway, original(signed(known)), prefixed))).toBe('passed');
    await expect(open(known, { dialect: 'envoy', pathPrefix: 'check' })).rejects.toThrow('pathPrefix');
  });

  it('is found out where it asks elsewhere than below the prefix', async () => {
    const known = parties();
    const reports: SignatureError[] = [];
    const report = (error: SignatureError) => void reports.push(error);
    const gateway = await open(known, { dialect: 'envoy', pathPrefix: '/check', report });
    expect((await envoy(gateway, original(signed(known)), envoySettings)).passed).toBe(false);
    expect((await envoy(gateway, original(signed(known)), { ...envoySettings, pathPrefix: '/checked' })).passed).toBe(
      false,
    );
    expect(reports.map(({ code }) => code)).toEqual(['undescribed_request', 'undescribed_request']);
  });

  it('replaces forged headers that the gateway has no value for', async () => {
    const known = parties();
    const outcome = await envoy(await open(known, { dialect: 'envoy' }), original(signed(known)), envoySettings);
    expect(gets(outcome, 'x-countersign-environment')).toBe('');
  });

  it('adds to answers what is left of a budget', async () => {
    const known = parties({ limits: { byKey: new RateLimiterMemory({ points: 9, duration: 60 }) } });
    const outcome = await envoy(await open(known, { dialect: 'envoy' }), original(signed(known)), envoySettings);
    expect(outcome.passed && outcome.added).toEqual({
      ratelimit: '"key";r=8;t=60',
      'ratelimit-policy': '"key";q=9;w=60',
    });
  });

  it('is set up in the documentation to let nothing through when the gateway is down', () => {
    expect(filter.typed_config.failure_mode_allow).toBe(false);
  });
});

describe('the listener', () => {
  const changedHeaders = (sent: Sent, change: Readonly<Record<string, string | readonly string[]>> = {}) => ({
    ...nginxHeaders(sent),
    ...change,
  });
  const ask = (gateway: string, headers: Sent['headers']) =>
    sendHttp1(gateway, { method: 'GET', target: '/_countersign', headers });

  it('answers only those who are named', async () => {
    const known = parties();
    const reports: SignatureError[] = [];
    const report = (error: SignatureError) => void reports.push(error);
    const strict = await open(known, { dialect: 'nginx', proxies: ['192.0.2.0/24', '2001:db8::1'], report });
    const refused = await ask(strict, changedHeaders(signed(known)));
    expect(codeOf(refused)).toBe('403 untrusted_proxy');
    expect(refused.headers.get('x-countersign-status')).toBe('403');
    expect(known.events).toEqual([]);
    expect(reports.map(({ code }) => code)).toEqual(['untrusted_proxy']);
    const loose = await open(known, { dialect: 'nginx', proxies: ['127.0.0.1'] });
    expect((await ask(loose, changedHeaders(signed(known)))).status).toBe(200);
  });

  it('knows an address of IPv4 in the clothes of IPv6', async () => {
    const known = parties();
    const server = createServer(forwardAuth(known.verifier, { dialect: 'nginx' }));
    await new Promise<void>((resolve) => server.listen(0, '::', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect((await ask(`http://127.0.0.1:${port}`, changedHeaders(signed(known)))).status).toBe(200);
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['X-Original-Method', 'X-Original-URI', 'X-Original-Host', 'X-Original-Proto', 'X-Original-Address'])(
    'refuses a request of which %s is missing, empty or said twice',
    async (name) => {
      const known = parties();
      const gateway = await open(known, { dialect: 'nginx' });
      const whole = changedHeaders(signed(known));
      const { [name as keyof typeof whole]: value = '', ...rest } = whole;
      for (const headers of [rest, { ...rest, [name]: '' }, { ...rest, [name]: [String(value), String(value)] }]) {
        const answer = await ask(gateway, headers);
        expect([answer.status, answer.headers.get('x-countersign-status')]).toEqual([403, '500']);
      }
      expect(known.events).toEqual([]);
      expect((await ask(gateway, whole)).status).toBe(200);
    },
  );

  it.each([
    ['X-Original-Proto', 'ftp', '500'],
    ['X-Original-Address', 'unix:', '500'],
    ['X-Original-Address', '203.0.113.9, 198.51.100.1', '500'],
    ['X-Original-URI', 'http://api.example.com/', '400'],
    ['X-Original-URI', '/a#b', '400'],
    ['X-Original-Host', 'api.example.com/x', '400'],
    ['X-Original-Method', 'GE T', '400'],
    ['X-Original-Method', 'get', '400'],
  ])('refuses a request of which %s is %s', async (name, value, status) => {
    const known = parties();
    const answer = await ask(await open(known, { dialect: 'nginx' }), changedHeaders(signed(known), { [name]: value }));
    expect(answer.headers.get('x-countersign-status')).toBe(status);
  });

  it('writes whatever a key record says so that it stays one header of ASCII', async () => {
    const service = 'Größe & Co, "x"\r\nX-Admin: 1 %41 😀';
    const record = { service, environment: '本番', scopes: ['a b', 'c,d', 'é'] };
    const known = parties({}, record);
    const { headers } = await ask(await open(known, { dialect: 'nginx' }), changedHeaders(signed(known)));
    const value = (name: string) => headers.get(`x-countersign-${name}`) ?? '';
    expect(value('service')).toMatch(/^[\w.~:/@%-]+$/);
    expect(decodeURIComponent(value('service'))).toBe(service);
    expect(decodeURIComponent(value('environment'))).toBe('本番');
    expect(value('scopes').split(' ').map(decodeURIComponent)).toEqual(record.scopes);
    expect(headers.get('x-admin')).toBeNull();
  });

  it('tells nginx the problem in a header of ASCII', async () => {
    const known = parties({}, { scopes: [] });
    const gateway = await open(known, { dialect: 'nginx', scope: 'größe😀' });
    const answer = await ask(gateway, changedHeaders(signed(known)));
    const problem = answer.headers.get('x-countersign-problem') ?? '';
    expect(problem).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(problem)).toEqual(JSON.parse(answer.bytes.toString()));
    expect(JSON.parse(problem).detail).toContain('größe😀');
  });

  it('says of a body that it is not signed, where that is accepted', async () => {
    const known = parties({ [allowUnsignedPayload]: true });
    const signer = createSigner({ ...pairOf(known), [allowUnsignedPayload]: true });
    const request = new Request(`${called}/v1/orders?page=2`, {
      method: 'POST',
      body: new Blob(['free']).stream(),
      duplex: 'half',
    } as RequestInit);
    const { headers } = await signer.sign(request);
    const sent = { method: 'POST', target: '/v1/orders?page=2', headers: Object.fromEntries(headers) };
    const answer = await ask(await open(known, { dialect: 'nginx' }), changedHeaders(sent));
    expect(answer.headers.get('x-countersign-body')).toBe('unsigned');
  });

  it('refuses a digest that it cannot pass on', async () => {
    const known = parties({ scheme: rfc9421() });
    const signer = createSigner({ ...pairOf(known), scheme: rfc9421() });
    const gateway = await open(known, { dialect: 'nginx' });
    const url = `${called}/v1/orders?page=2`;
    const bytes = new TextEncoder().encode('{}');
    const sha512 = Buffer.from(await crypto.subtle.digest('SHA-512', bytes)).toString('base64');
    const sentWith = async (declared: Record<string, string>) => {
      const { headers } = await signer.sign(new Request(url, { method: 'POST', body: bytes, headers: declared }));
      return changedHeaders({ method: 'POST', target: '/v1/orders?page=2', headers: Object.fromEntries(headers) });
    };
    expect((await ask(gateway, await sentWith({}))).status).toBe(200);
    expect((await ask(gateway, await sentWith({ 'content-digest': `sha-512=:${sha512}:` }))).status).toBe(401);
    expect(known.events.map(({ code }) => code)).toEqual([undefined, 'body_digest_mismatch']);
  });

  it('answers without waiting for a body that nobody is to read', async () => {
    const known = parties();
    const gateway = await open(known, { dialect: 'nginx' });
    const lines = Object.entries(changedHeaders(signed(known))).map(([name, value]) => `${name}: ${value}`);
    const head = ['GET / HTTP/1.1', ...lines, 'Content-Length: 1000', '', 'abc'].join('\r\n');
    const answer = await sendBeginning(gateway, head);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('keeps on answering when the report fails', async () => {
    const known = parties();
    const report = () => {
      throw new Error('full');
    };
    const gateway = await open(known, { dialect: 'nginx', report });
    expect((await ask(gateway, {})).status).toBe(403);
    expect((await ask(gateway, changedHeaders(signed(known)))).status).toBe(200);
  });

  it.each<[string, Partial<ForwardAuthOptions>, Parameters<typeof parties>[0]]>([
    ['a dialect that nobody speaks', { dialect: 'apache' as never }, {}],
    ['a dialect that is a word of JavaScript', { dialect: 'constructor' as never }, {}],
    ['an address that is none', { proxies: ['localhost'] }, {}],
    ['a body that nginx cannot send', { body: 'sent' }, {}],
    ['a prefix that nginx does not have', { pathPrefix: '/check' }, {}],
    ['a scheme that signs bytes', {}, { scheme: standardWebhooks() }],
  ])('is not made with %s', (_, options, verifier) => {
    const { verifier: made } = parties(verifier);
    expect(() => forwardAuth(made, { dialect: 'nginx', ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });
});
