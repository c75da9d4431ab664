import { createSigner, generateCredentials, renewing } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, sessionHandler } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { parseSessionKey } from '../../src/core/session/access-key.ts';
import { newPair } from './bound-rig.ts';

const parent = generateCredentials();
const page = 'https://app.example.com';
const url = `${page}/session`;

const handle = sessionHandler({
  credentials: parent,
  authenticate: (request) => (request.headers.get('cookie') === 'user=7' ? { subject: 'user-7' } : undefined),
  origins: [page, 'https://other.example.com'],
  session: { expiresIn: 300, scopes: ['orders:read'] },
});

const ask = (headers: Record<string, string>, method = 'POST') => handle(new Request(url, { method, headers }));
const loggedIn = { origin: page, cookie: 'user=7' };

describe('sessionHandler', async () => {
  it('keeps its bounds where authenticate returns undefined members', async () => {
    const own = sessionHandler({
      credentials: parent,
      authenticate: () => ({ subject: 'user-7', scopes: undefined, paths: undefined, expiresIn: undefined }),
      origins: [page],
      session: { scopes: ['orders:read'], paths: ['/v1'], expiresIn: 300 },
    });
    const response = await own(new Request(url, { method: 'POST', headers: loggedIn }));
    const { accessKey, expiresIn } = await response.json();
    expect(expiresIn).toBe(300);
    const claims = JSON.parse(Buffer.from(accessKey.split('~s1.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ u: 'user-7', s: ['orders:read'], p: ['/v1'] });
  });

  it.each([undefined, null, false] as const)('issues nothing if authenticate returns %o', async (granted) => {
    const own = sessionHandler({ credentials: parent, authenticate: () => granted, origins: [page] });
    expect((await own(new Request(url, { method: 'POST', headers: loggedIn }))).status).toBe(401);
  });

  it.each([true, 'user-7', 7, []])('issues nothing if authenticate returns %o', async (granted) => {
    const authenticate = () => granted as unknown as object;
    const own = sessionHandler({ credentials: parent, authenticate, origins: [page] });
    await expect(own(new Request(url, { method: 'POST', headers: loggedIn }))).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
  });

  it('gives the logged-in user a session, for the pages of an origin alone and for no cache', async () => {
    const response = await ask(loggedIn);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
      'cache-control': 'no-store',
      vary: 'Origin',
    });
    const given = await response.json();
    expect(given).toMatchObject({ accessKey: expect.stringContaining(`${parent.accessKey}~s1.`), expiresIn: 300 });
  });

  it('states when the session was issued, for its end to be known within the second', async () => {
    const clock = () => 1_900_000_000_900;
    const own = sessionHandler({ credentials: parent, authenticate: () => ({}), origins: [page], clock });
    const response = await own(new Request(url, { method: 'POST', headers: loggedIn }));
    const given = await response.json();
    expect(given).toMatchObject({ issuedAt: clock(), expiresAt: 1_900_000_900_000, expiresIn: 900 });
    const session = renewing(() => given, { clock: () => 0 });
    expect((await session()).expiresAt).toBe(899_100);
  });

  it('gives what renewing takes, and what a verifier accepts', async () => {
    const verifier = createVerifier({
      keys: memoryKeys([
        { accessKey: parent.accessKey, service: 'shop', secrets: [parent], scopes: ['orders:read', 'x'] },
      ]),
      replay: memoryReplay(),
    });
    const signer = createSigner({ credentials: renewing(() => ask(loggedIn)) });
    const result = await verifier.verify(await signer.sign('https://api.example.com/'));
    expect(result).toMatchObject({ ok: true, principal: { scopes: ['orders:read'], session: { subject: 'user-7' } } });
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['nobody is logged in', { origin: page }, 'POST', 401],
    ['the page is of another origin', { ...loggedIn, origin: 'https://evil.example' }, 'POST', 403],
    ['the origin is opaque', { ...loggedIn, origin: 'null' }, 'POST', 403],
    ['the origin is in another spelling', { ...loggedIn, origin: `${page}:443` }, 'POST', 403],
    ['there is no origin', { cookie: 'user=7' }, 'POST', 403],
    ['it is not a POST', loggedIn, 'GET', 405],
    ['it is a PUT', loggedIn, 'PUT', 405],
    ['it is an OPTIONS that is no preflight', loggedIn, 'OPTIONS', 405],
  ])('refuses if %s', async (_, headers, method, status) => {
    const response = await ask(headers, method);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toBe('Origin');
    const shared = headers.origin === page;
    expect(response.headers.get('access-control-allow-origin')).toBe(shared ? page : null);
    expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
    expect(await response.json()).toMatchObject({ status });
  });

  it('asks nobody who is logged in before it knows the origin', async () => {
    let asked = 0;
    const counting = sessionHandler({
      credentials: parent,
      authenticate: () => {
        asked++;
        return {};
      },
      origins: [page],
    });
    await counting(new Request(url, { method: 'POST', headers: { origin: 'https://evil.example' } }));
    expect(asked).toBe(0);
  });

  it.each([
    [page, page],
    ['https://evil.example', null],
  ])('responds to the preflight of %s with %s', async (origin, allowed) => {
    const response = await ask({ origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(response.headers.get('access-control-allow-methods')).toBe(allowed && 'POST');
  });

  it('takes credentials from a function, each time', async () => {
    const parents = [generateCredentials(), generateCredentials()];
    const names = parents.map(({ accessKey }) => accessKey);
    const rotating = sessionHandler({
      credentials: async () => parents.shift() ?? parent,
      authenticate: () => ({}),
      origins: [page],
    });
    for (const name of names) {
      const response = await rotating(new Request(url, { method: 'POST', headers: loggedIn }));
      expect((await response.json()).accessKey).toContain(`${name}~s1.`);
    }
  });

  const json = { ...loggedIn, 'content-type': 'application/json' };
  const { k } = await newPair('Ed25519');
  const send = (body: BodyInit, headers: Record<string, string> = json, to = handle) =>
    to(new Request(url, { method: 'POST', headers, body }));

  it('binds the session to the public key in the body', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
      const response = await send(JSON.stringify({ publicKey: k }), { ...json, 'content-type': type });
      expect(response.status).toBe(200);
      const given = await response.json();
      expect(Object.keys(given)).toEqual(['accessKey', 'expiresAt', 'issuedAt', 'expiresIn']);
      expect(parseSessionKey(given.accessKey)).toMatchObject({
        parent: parent.accessKey,
        first: { k, u: 'user-7', s: ['orders:read'] },
      });
    }
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a number as the key', '{"publicKey":7}'],
    ['null as the key', '{"publicKey":null}'],
    ['a key cut short', JSON.stringify({ publicKey: k.slice(1) })],
    ['a key of small order', JSON.stringify({ publicKey: 'A'.repeat(43) })],
    ['too many bytes', JSON.stringify({ publicKey: k, more: 'x'.repeat(4096) })],
    ['nothing', ' '],
  ])('refuses a body in JSON with %s', async (_, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(JSON.stringify(await response.json())).toContain('publicKey');
  });

  it('gives a session with a secret where the body has no key or is no JSON', async () => {
    const form = { ...loggedIn, 'content-type': 'application/x-www-form-urlencoded' };
    for (const response of [await send('{}'), await send(`publicKey=${k}`, form), await ask(json)]) {
      expect((await response.json()).secret).toMatch(/^[\w-]{43}$/);
    }
  });

  it('gives no session without a key where it requires one', async () => {
    const bound = sessionHandler({
      credentials: parent,
      authenticate: () => ({}),
      origins: [page],
      requirePublicKey: true,
    });
    const form = { ...loggedIn, 'content-type': 'text/plain' };
    const key = JSON.stringify({ publicKey: k });
    for (const response of [await send('{}', json, bound), await send(key, form, bound)]) {
      expect(response.status).toBe(400);
    }
    expect((await send(key, json, bound)).status).toBe(200);
  });

  it('says so if authenticate has read the body', async () => {
    const reading = (of: (request: Request) => Request) =>
      sessionHandler({
        credentials: parent,
        authenticate: async (request) => ({ subject: await of(request).text() }),
        origins: [page],
      });
    const body = JSON.stringify({ publicKey: k });
    await expect(
      send(
        body,
        json,
        reading((request) => request),
      ),
    ).rejects.toMatchObject({ code: 'body_consumed' });
    const cloned = await send(
      body,
      json,
      reading((request) => request.clone()),
    );
    expect(cloned.status).toBe(200);
  });

  it.each<[string, object]>([
    ['no origins', { credentials: parent, authenticate: () => ({}) }],
    ['an empty list', { credentials: parent, authenticate: () => ({}), origins: [] }],
    ['a wildcard', { credentials: parent, authenticate: () => ({}), origins: ['*'] }],
    ['an opaque origin', { credentials: parent, authenticate: () => ({}), origins: ['null'] }],
    ['no function', { credentials: parent, origins: [page] }],
    ['no credentials', { authenticate: () => ({}), origins: [page] }],
    ['an unknown option', { credentials: parent, authenticate: () => ({}), origins: [page], cors: {} }],
  ])('cannot be made with %s', (_, options) => {
    expect(() => sessionHandler(options as Parameters<typeof sessionHandler>[0])).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });
});
