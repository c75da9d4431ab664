import { countersignV1, createSigner } from 'countersign';
import { reverseProxy } from 'countersign/gateway';
import { defineScheme, hawkHeader, rfc9421, sigv4 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { pairOf, parties, signed } from './calls.ts';
import { proxying } from './proxied.ts';

const { open, seen } = proxying();

/** The names of the headers that the backend has seen. */
async function namesSeen(): Promise<readonly string[]> {
  const [request] = await seen();
  return (request?.headers ?? []).map(([name]) => name.toLowerCase());
}

// Each of these is believed by some server, framework or platform.
const believed = [
  'Remote-User',
  'X-Remote-User',
  'X-Remote-Groups',
  'X-Forwarded-User',
  'X-Authenticated-UserId',
  'X-Auth-Request-Email',
  'True-Client-IP',
  'X-True-Client-IP',
  'CF-Connecting-IP',
  'Fastly-Client-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'X-Client-Cert',
  'X-SSL-Client-Verify',
  'SSL-Client-Cert',
  'X-Original-Host',
  'X-Original-URL',
  'X-Host',
  'X-Middleware-Subrequest',
  'X-Accel-Redirect',
  'X-Sendfile',
  'X-User-Id',
  'SCRIPT_NAME',
  'Script-Name',
  'Path-Info',
  'X-Client-DN',
  'X-Remote-Group2',
  'X-WebAuth-User',
  'X-Amzn-Oidc-Identity',
  'X-Consumer-Username',
  'X-Credential-Identifier',
  'X-Anonymous-Consumer',
  'X-Authentik-Username',
  'X-Pomerium-Jwt-Assertion',
  'Tailscale-User-Login',
  'WL-Proxy-Client-IP',
  'Proxy-Client-IP',
  'X-Originating-IP',
  'X-HTTP-Host-Override',
  'X-ARR-ClientCert',
  'X_Tenant',
  'X-HTTP-Method-Override',
  'Proxy',
];

describe.runIf(present('python3', '--version'))('the reverse proxy', () => {
  it.each(believed)('passes on no %s that somebody has added', async (name) => {
    const { call } = await open();
    expect((await call({ added: { [name]: 'admin' } })).status).toBe(200);
    expect(await namesSeen()).not.toContain(name.toLowerCase());
  });

  it.each([
    'X-Tenant',
    'X-Anything-New',
    'Cookie',
    'Authorization',
    'Content-Disposition',
    'Content-Location',
    'Content-Language',
  ])('passes on %s where the provider names it, and not otherwise', async (name) => {
    const closed = await open();
    expect((await closed.call({ added: { [name]: 'a=b' } })).status).toBe(200);
    expect(await namesSeen()).not.toContain(name.toLowerCase());
    const opened = await open({ passHeaders: [name.toUpperCase()] });
    expect((await opened.call({ added: { [name]: 'a=b' } })).status).toBe(200);
    expect(await namesSeen()).toContain(name.toLowerCase());
  });

  it.each([
    [
      'sigv4',
      sigv4({ region: 'eu-west-1', service: 'execute-api' }),
      ['Authorization', 'X-Amz-Security-Token', 'X-Amz-Date'],
    ],
    ['hawk', defineScheme(hawkHeader), ['Authorization']],
  ] as const)('passes on no carrier of %s, which it takes too, beside another signature', async (_, scheme, names) => {
    const { call } = await open({ verifier: { scheme: [countersignV1, scheme] } });
    const added = Object.fromEntries(names.map((name) => [name, 'Bearer admin']));
    expect((await call({ added })).status).toBe(200);
    const seenNames = await namesSeen();
    for (const name of names) expect(seenNames).not.toContain(name.toLowerCase());
    expect(seenNames).toContain('x-api-signature');
  });

  it('refuses an Idempotency-Key that was added, and forwards a signed one', async () => {
    const opened = await open();
    const post = { method: 'POST', body: '{}' };
    expect((await opened.call({ ...post, added: { 'Idempotency-Key': 'order-6' } })).status).toBe(401);
    expect(await seen()).toEqual([]);
    expect((await opened.call({ ...post, headers: { 'Idempotency-Key': 'order-7' } })).status).toBe(200);
    expect(await namesSeen()).toContain('idempotency-key');
  });

  it('reads what the proxy in front says of a request, also if Connection lists it', async () => {
    const trustedProxies = { addresses: ['127.0.0.1'], headers: ['x-forwarded-for', 'x-forwarded-prefix'] } as const;
    const opened = await open({ verifier: { trustedProxies } });
    const proxied = (connection: string) => ({
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Prefix': '/v1',
      Connection: connection,
    });
    expect((await opened.call({ added: proxied('close, X-Forwarded-Prefix, X-Forwarded-For') })).status).toBe(401);
    expect((await opened.call({ added: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(200);
    const listed = { 'X-Forwarded-For': '203.0.113.9', Connection: 'close, X-Forwarded-For' };
    expect((await opened.call({ added: listed })).status).toBe(200);
    const all = await seen();
    expect(all.map(({ headers }) => headers.find(([name]) => name === 'X-Forwarded-For')?.[1])).toEqual([
      '203.0.113.9',
      '203.0.113.9',
    ]);
  });

  it('passes on what is signed, and what is harmless', async () => {
    const opened = await open();
    const signer = createSigner({ ...pairOf(opened), signedHeaders: ['x-tenant'] });
    const headers = { 'X-Tenant': 'acme', Accept: 'text/plain', 'User-Agent': 'a/1', 'If-Match': '"1"' };
    expect((await opened.send(signed({ signer }, { headers }))).status).toBe(200);
    expect(await namesSeen()).toEqual(
      expect.arrayContaining(['x-tenant', 'accept', 'user-agent', 'if-match', 'x-api-key']),
    );
  });

  it('passes on nothing by which a caller would say who calls, even signed', async () => {
    const opened = await open();
    const signer = createSigner({ ...pairOf(opened), signedHeaders: believed });
    const headers = Object.fromEntries(believed.map((name) => [name, 'admin']));
    expect((await opened.send(signed({ signer }, { headers }))).status).toBe(200);
    const names = await namesSeen();
    expect(believed.filter((name) => names.includes(name.toLowerCase()))).toEqual([]);
  });

  it.each([
    rfc9421(),
    sigv4({ region: 'eu-west-1', service: 'execute-api' }),
    defineScheme({
      name: 'lines',
      stringToSign:
        '{method}\n{authority}\n{target}\n{timestamp}\n{nonce}\n{header.x-tenant}[\n{header.x-part}]\n{body|sha256|hex}',
      headers: { 'X-Signature': '{accessKey}:{timestamp}:{nonce}:{signature}' },
    }),
  ])('knows what a signature by $name covers', async (scheme) => {
    const opened = await open({ verifier: { scheme, publicOrigin: 'https://api.example.com' } });
    const signedHeaders = scheme.name === 'lines' ? [] : ['x-tenant', 'x-part'];
    const signer = createSigner({ ...pairOf(opened), scheme, signedHeaders });
    const headers = { 'X-Tenant': 'a', 'X-Part': 'b' };
    expect((await opened.send(signed({ signer }, { headers, added: { 'X-Admin': '1' } }))).status).toBe(200);
    const names = await namesSeen();
    expect(names).toEqual(expect.arrayContaining(['x-tenant', 'x-part']));
    expect(names).not.toContain('x-admin');
  });

  it.each(['Host', 'Forwarded', 'X-Forwarded-For', 'X-Countersign-Service', 'no header', ''])(
    'cannot be made to pass on %j',
    (name) => {
      const { verifier } = parties();
      expect(() => reverseProxy(verifier, { upstream: 'http://127.0.0.1:9', passHeaders: [name] })).toThrow(
        /passHeaders cannot name/,
      );
    },
  );
});
