import { countersignedFetch, createSigner, issueSession } from 'countersign';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { type SeenRequest, toldTo } from './backend.ts';
import { codeOf, jsonOf, signed } from './calls.ts';
import { proxying, wireTo } from './proxied.ts';

const here = present('python3', '--version');

describe.runIf(here)('the reverse proxy', () => {
  const { open, seen } = proxying();
  const one = async (): Promise<SeenRequest> => {
    const [found, ...others] = await seen();
    if (!found || others.length) throw new Error(`The backend has seen ${others.length + (found ? 1 : 0)} requests.`);
    return found;
  };
  const valuesOf = ({ headers }: SeenRequest, wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

  it('passes on a signed request and its answer, and tells the backend whose it is', async () => {
    const { call, accessKey, events } = await open({
      record: { environment: 'live' },
      passHeaders: ['x-other', 'Cookie'],
    });
    const answer = await call({ headers: { 'X-Other': ['a', 'b'], Cookie: 'c=1' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(jsonOf(answer)).toMatchObject({ method: 'GET', target: '/v1/orders?page=2' });
    const request = await one();
    expect(toldTo(request)).toEqual({
      'x-countersign-access-key': accessKey,
      'x-countersign-service': 'shop',
      'x-countersign-environment': 'live',
      'x-countersign-scopes': 'orders:read orders:write',
      'x-countersign-session': '',
      'x-countersign-subject': '',
      'x-countersign-scheme': 'countersign-v1',
      'x-countersign-body': 'none',
    });
    expect(valuesOf(request, 'x-other')).toEqual(['a, b']);
    expect(valuesOf(request, 'cookie')).toEqual(['c=1']);
    expect(events).toMatchObject([{ outcome: 'accepted', address: '127.0.0.1' }]);
  });

  it('tells the backend which session signed, and nothing that a stranger says of sessions', async () => {
    const { accessKey, secret, send } = await open();
    const session = issueSession({ accessKey, secret }, { expiresIn: 900, subject: 'user-7' });
    const signer = createSigner({ credentials: session });
    const added = { 'X-Countersign-Subject': 'admin', X_Countersign_Session: 'AAAAAAAAAAAAAAAA' };
    expect((await send(signed({ signer }, { added }))).status).toBe(200);
    expect(toldTo(await one())).toMatchObject({
      'x-countersign-access-key': accessKey,
      'x-countersign-session': expect.stringMatching(/^[\w-]{16}$/),
      'x-countersign-subject': 'user-7',
    });
  });

  it('says where a request came from, and by which way', async () => {
    const { call } = await open();
    await call();
    const request = await one();
    expect(valuesOf(request, 'host')).toEqual(['api.example.com']);
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['api.example.com']);
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['http']);
    expect(valuesOf(request, 'forwarded')).toEqual(['for="127.0.0.1";host="api.example.com";proto=http']);
    expect(valuesOf(request, 'via')).toEqual(['1.1 countersign']);
  });

  it('tells the backend the host that was judged, and not the one that was sent', async () => {
    const { call } = await open({ verifier: { publicOrigin: 'https://api.example.com' } });
    await call({ added: { Host: 'evil.example' } });
    const request = await one();
    expect(valuesOf(request, 'host')).toEqual(['api.example.com']);
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['https']);
  });

  it.each([
    ['strangers', { addresses: ['192.0.2.1'], headers: ['x-forwarded-for', 'x-forwarded-host'] }, '127.0.0.1'],
    ['trusted proxies', { addresses: ['127.0.0.1'], headers: ['x-forwarded-for', 'x-forwarded-host'] }, '2001:db8::9'],
  ] as const)(
    'believes %s about where a request came from as far as the verifier does',
    async (_, trustedProxies, from) => {
      const { call } = await open({ verifier: { trustedProxies } });
      const added = {
        'X-Forwarded-For': '198.51.100.1, 2001:db8::9',
        'X-Forwarded-Host': 'api.example.com',
        'X-Forwarded-Port': '1',
        'X-Forwarded-Prefix': '/admin',
        'X-Real-IP': '198.51.100.1',
        X_Forwarded_For: '198.51.100.1',
        Forwarded: 'for=198.51.100.1',
      };
      expect((await call({ added })).status).toBe(200);
      const request = await one();
      expect(valuesOf(request, 'x-forwarded-for')).toEqual([from]);
      expect(valuesOf(request, 'forwarded')).toEqual([
        `for="${from.includes(':') ? `[${from}]` : from}";host="api.example.com";proto=http`,
      ]);
      for (const name of ['x-forwarded-port', 'x-forwarded-prefix', 'x-real-ip', 'x_forwarded_for']) {
        expect(valuesOf(request, name)).toEqual([]);
      }
    },
  );

  it.each([
    'Proxy',
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X_HTTP_Method_Override',
    'X-Original-URL',
    'X-Original-URI',
    'X-Rewrite-URL',
  ])('takes off %s, by which a backend would do another thing than was signed', async (name) => {
    const { call } = await open({ passHeaders: ['X-Originals'] });
    expect((await call({ added: { [name]: '/admin', 'X-Originals': 'kept' } })).status).toBe(200);
    const request = await one();
    expect(valuesOf(request, name.toLowerCase())).toEqual([]);
    expect(valuesOf(request, 'x-originals')).toEqual(['kept']);
  });

  it('lets no header of its own through that a caller has sent, however it is spelt', async () => {
    const { call } = await open();
    const added = {
      'X-Countersign-Service': 'admin',
      'x-countersign-scopes': ['a', 'b'],
      X_Countersign_Service: 'admin',
      'X-Countersign_Access_Key': 'admin',
      'X.Countersign.Body': 'none',
      "X'Countersign~Environment": 'live',
      'X-Countersign': '1',
      'X-COUNTERSIGN-ADMIN': '1',
      'X-Countersigned-By': 'somebody else',
    };
    expect((await call({ added })).status).toBe(200);
    const request = await one();
    const names = request.headers.map(([name]) => name).filter((name) => /countersign/i.test(name));
    expect(names.sort()).toEqual([
      'X-Countersign-Access-Key',
      'X-Countersign-Body',
      'X-Countersign-Environment',
      'X-Countersign-Scheme',
      'X-Countersign-Scopes',
      'X-Countersign-Service',
      'X-Countersign-Session',
      'X-Countersign-Subject',
    ]);
    expect(toldTo(request)).toMatchObject({ 'x-countersign-service': 'shop' });
  });

  it('takes off what is for one connection alone, in both directions', async () => {
    const { call } = await open();
    const added = {
      Connection: 'keep-alive, X-Secret-Hop',
      'X-Secret-Hop': '1',
      'Keep-Alive': 'timeout=5',
      'Proxy-Connection': 'keep-alive',
      'Proxy-Authorization': 'Basic eA==',
      TE: 'trailers',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABkAAQAAP__',
    };
    const answer = await call({ added });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-hop')).toBeNull();
    const names = (await one()).headers.map(([name]) => name.toLowerCase());
    for (const name of Object.keys(added)) if (name !== 'Connection') expect(names).not.toContain(name.toLowerCase());
  });

  it('does not let Connection take off what is signed, or what it says itself', async () => {
    const opened = await open();
    const signedHeader = signed(opened, {
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'application/json', 'If-Match': '"a"', Range: 'bytes=0-0' },
    });
    for (const name of ['Content-Type', 'Content-Digest', 'X-API-Nonce', 'If-Match', 'Range']) {
      const headers = { ...signedHeader.headers, Connection: `close, ${name}` };
      expect((await opened.send({ ...signedHeader, headers })).status, name).toBeGreaterThanOrEqual(400);
    }
    expect(await seen()).toEqual([]);
    const added = { Connection: 'close, X-Countersign-Service, X-Forwarded-For, Host, Forwarded, Content-Length' };
    expect((await opened.call({ added, method: 'POST', body: '{}' })).status).toBe(200);
    const request = await one();
    expect(toldTo(request)).toMatchObject({ 'x-countersign-service': 'shop' });
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(request).toMatchObject({ received: 2, complete: true });
  });

  it.each(['/a%2Fb', '//double//slash', '/?a=1&a=2&b', "/it's(a)*;x=1", '/a?b=c+d%2Bd', '/x?url=http://y//z'])(
    'passes on the target %s to the byte',
    async (target) => {
      const opened = await open();
      const wire = wireTo(opened.origin);
      await wire.write(`${opened.head({ target }).replace(/^GET \S+/, `GET ${target}`)}Connection: close\r\n\r\n`);
      await wire.closed;
      expect(wire.received()).toMatch(/^HTTP\/1\.1 200 /);
      expect((await one()).target).toBe(target);
    },
  );

  it.each([
    ['/a%2fb', '/a%2Fb'],
    ['/%61dmin', '/admin'],
    ['/?', '/'],
    ['/a|b^?{}`\\', '/a%7Cb%5E?%7B%7D%60%5C'],
  ])('passes on the target %s as %s, which was verified', async (target, verified) => {
    const opened = await open();
    const wire = wireTo(opened.origin);
    await wire.write(`${opened.head({ target }).replace(/^GET \S+/, `GET ${target}`)}Connection: close\r\n\r\n`);
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1\.1 200 /);
    expect((await one()).target).toBe(verified);
  });

  it('passes on bytes in headers that are no ASCII as they are', async () => {
    const opened = await open({ passHeaders: ['x-name'] });
    const wire = wireTo(opened.origin);
    await wire.write(Buffer.from(`${opened.head()}X-Name: \xe9\xff\r\nConnection: close\r\n\r\n`, 'latin1'));
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(valuesOf(await one(), 'x-name')).toEqual(['\xe9\xff']);
  });

  it.each(['http://api.example.com/v1', 'api.example.com:443', '*', '/a#b'])(
    'refuses the target %s',
    async (target) => {
      const opened = await open();
      const wire = wireTo(opened.origin);
      await wire.write(
        `${opened.head({ target: '/v1' }).replace(/^GET \S+/, `OPTIONS ${target}`)}Connection: close\r\n\r\n`,
      );
      await wire.closed;
      expect(wire.received()).toMatch(/^HTTP\/1\.1 400 /);
      expect(await seen()).toEqual([]);
    },
  );

  it('refuses what is unsigned, sent twice or changed, and the backend sees none of it', async () => {
    const opened = await open();
    const { send } = opened;
    const sent = signed(opened);
    expect((await send(sent)).status).toBe(200);
    expect(codeOf(await send(sent))).toBe('401 replayed_request');
    expect(codeOf(await send({ ...signed(opened), target: '/admin' }))).toBe('401 invalid_signature');
    expect(codeOf(await send({ ...signed(opened), method: 'DELETE' }))).toBe('401 invalid_signature');
    const unsigned = await send({ method: 'GET', target: '/', headers: {} });
    expect(codeOf(unsigned)).toBe('401 missing_signature');
    expect(unsigned.headers.get('www-authenticate')).toContain('missing_signature');
    expect(unsigned.headers.get('content-type')).toBe('application/problem+json');
    expect(await seen()).toHaveLength(1);
    expect(opened.reports).toEqual([]);
  });

  it.each([
    ['Range', 'bytes=0-0'],
    ['If-Match', '"a"'],
    ['Content-Encoding', 'gzip'],
  ])('refuses what has got %s on the way, or lost it, and passes on what was signed with it', async (name, value) => {
    const { call, send, ...opened } = await open();
    const described = { method: 'PUT', body: '{}' };
    expect(codeOf(await call({ ...described, added: { [name]: value } }))).toBe('401 insufficient_coverage');
    const whole = signed(opened, { ...described, headers: { [name]: value } });
    const { [name]: _, ...rest } = whole.headers;
    expect(codeOf(await send({ ...whole, headers: rest }))).toBe('400 missing_header');
    expect(await seen()).toEqual([]);
    expect((await send(whole)).status).toBe(200);
    expect(valuesOf(await one(), name.toLowerCase())).toEqual([value]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('takes %s like any other', async (method) => {
    const { call } = await open();
    expect((await call({ method })).status).toBe(200);
    expect(await one()).toMatchObject({ method, received: 0, complete: true });
  });

  it('answers a HEAD without a body, and with its length', async () => {
    const { call } = await open();
    const answer = await call({ method: 'HEAD' });
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0);
  });

  it.each([204, 304, 404, 500, 599])('passes on the status %i', async (status) => {
    const { call } = await open();
    const answer = await call({ target: `/status?code=${status}` });
    expect(answer.status).toBe(status);
    expect(answer.bytes.length > 0).toBe(status > 304);
  });

  it('passes on an answer as it comes', async () => {
    const opened = await open();
    const wire = wireTo(opened.origin);
    await wire.write(`${opened.head({ target: '/drip?pieces=3&seconds=0.3' })}Connection: close\r\n\r\n`);
    await expect.poll(() => wire.received()).toContain('xxxxxxxx');
    expect(wire.received().match(/x{8}/g)).toHaveLength(1);
    await wire.closed;
    expect(wire.received().match(/x{8}/g)).toHaveLength(3);
  });

  it('asks for the scope, and tells what is left of a budget', async () => {
    const limits = { byKey: new RateLimiterMemory({ points: 5, duration: 60 }) };
    const { call } = await open({ scope: 'orders:read', verifier: { limits } });
    expect((await call()).headers.get('ratelimit')).toBe('"key";r=4;t=60');
    const strict = await open({ scope: 'orders:delete' });
    expect(codeOf(await strict.call())).toBe('403 insufficient_scope');
  });

  it('refuses WebSockets', async () => {
    const { call } = await open();
    const added = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    expect(codeOf(await call({ added }))).toBe('501 upgrade_refused');
    expect(await seen()).toEqual([]);
  });

  it('tells who asks that it is up, and the backend nothing of it', async () => {
    const { send, call } = await open({ health: '/healthz' });
    const headers = { Host: 'api.example.com' };
    expect((await send({ method: 'GET', target: '/healthz', headers })).status).toBe(200);
    expect((await send({ method: 'POST', target: '/healthz', headers })).status).toBe(401);
    expect((await send({ method: 'GET', target: '/healthz?x', headers })).status).toBe(401);
    expect((await call({ target: '/healthz' })).status).toBe(200);
    expect(await seen()).toEqual([]);
  });

  it('lets pages of named origins call', async () => {
    const { send, call } = await open({ cors: { origins: ['https://app.example.com'] } });
    const Origin = 'https://app.example.com';
    const asked = { Host: 'api.example.com', Origin, 'Access-Control-Request-Method': 'POST' };
    const preflight = await send({ method: 'OPTIONS', target: '/v1/orders', headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(Origin);
    expect((await call({ added: { Origin } })).headers.get('access-control-allow-origin')).toBe(Origin);
    const refused = await send({ method: 'GET', target: '/', headers: { Host: 'api.example.com', Origin } });
    expect(refused.headers.get('access-control-allow-origin')).toBe(Origin);
    expect(await seen()).toHaveLength(1);
  });

  describe('that countersigns', () => {
    const through =
      (origin: string): typeof fetch =>
      async (input, init) => {
        const request = new Request(input, init);
        const { pathname, search } = new URL(request.url);
        const headers = new Headers(request.headers);
        const body = await request.arrayBuffer();
        return fetch(origin + pathname + search, {
          method: request.method,
          headers,
          ...(body.byteLength && { body }),
        });
      };
    const verifier = { publicOrigin: 'https://api.example.com' };

    it('signs every answer so that the caller can check it', async () => {
      const { origin, signer } = await open({ countersign: 'always', verifier });
      const api = countersignedFetch(signer, { fetch: through(origin) });
      const answer = await api('https://api.example.com/v1/orders', { method: 'POST', body: '{}' });
      expect(await answer.json()).toMatchObject({ received: 2 });
      expect((await api('https://api.example.com/v1/orders', { method: 'HEAD' })).status).toBe(200);
      expect((await api('https://api.example.com/status?code=204')).status).toBe(204);
      expect((await api('https://api.example.com/drip?pieces=100&size=1000')).status).toBe(200);
      expect(valuesOf((await seen())[0] as SeenRequest, 'accept-encoding')).toEqual(['identity']);
    });

    it.each([
      ['Content-Range', 'bytes 0-1/4'],
      ['Location', '/v1/orders/7'],
    ])('signs the %s of the backend', async (name, value) => {
      const { origin, signer } = await open({ countersign: 'always', verifier });
      const answer = btoa(`HTTP/1.1 200 OK\r\n${name}: ${value}\r\nContent-Length: 2\r\n\r\n{}`);
      const valueAfter = (change: (headers: Headers) => void) => {
        const meddling: typeof fetch = async (...given) => {
          const { body, headers } = await through(origin)(...given);
          const changed = new Headers(headers);
          change(changed);
          return new Response(body, { headers: changed });
        };
        const url = `https://api.example.com/raw?answer=${encodeURIComponent(answer)}`;
        return countersignedFetch(signer, { fetch: meddling })(url).then(
          ({ headers }) => headers.get(name),
          ({ code }) => code,
        );
      };
      expect(await valueAfter(() => {})).toBe(value);
      expect(await valueAfter((headers) => headers.delete(name))).toBe('response_mismatch');
      expect(await valueAfter((headers) => headers.set(name, '/v1/orders/8'))).toBe('response_mismatch');
    });

    it.each([
      ['too large', '/drip?pieces=1000&size=1000&seconds=0.001'],
      ['content-coded', '/drip?pieces=1000&coding=gzip&seconds=0.001'],
    ])('answers with a countersigned refusal where the answer is %s', async (_, target) => {
      const { origin, signer, reports } = await open({ countersign: 'always', maxResponseBytes: 99_999, verifier });
      const api = countersignedFetch(signer, { fetch: through(origin) });
      const answer = await api(`https://api.example.com${target}`);
      expect([answer.status, (await answer.json()).code]).toEqual([502, 'unsignable_response']);
      expect(reports.map(({ code }) => code)).toEqual(['unsignable_response']);
      // Nobody waits for the rest.
      await expect.poll(async () => (await one()).hungUp, { timeout: 5000 }).toBe(true);
    });

    it.each([
      ['of a type that is not ASCII', 'HTTP/1.1 200 OK\r\nContent-Type: text/\xe9\r\nContent-Length: 2\r\n\r\n{}'],
      ['a redirect that is not ASCII', 'HTTP/1.1 302 Found\r\nLocation: /\xe9\r\nContent-Length: 0\r\n\r\n'],
      ['of the status 600', 'HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}'],
      ['of the status 999', 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}'],
    ])('refuses with 502 to sign a response %s', async (_, head) => {
      const { origin, signer, reports } = await open({ countersign: 'always', verifier });
      const api = countersignedFetch(signer, { fetch: through(origin) });
      const response = await api(`https://api.example.com/raw?answer=${encodeURIComponent(btoa(head))}`);
      expect([response.status, (await response.json()).code]).toEqual([502, 'unsignable_response']);
      expect(reports.map(({ code }) => code)).toEqual(['unsignable_response']);
    });

    it('keeps all cookies of an answer that it signs', async () => {
      const { origin, signer } = await open({ countersign: 'always', verifier });
      const api = countersignedFetch(signer, { fetch: through(origin) });
      const answer = await api('https://api.example.com/v1/orders');
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    });

    it('countersigns its own refusals of proved callers', async () => {
      const { origin, signer } = await open({ countersign: 'always', verifier, maxBodyBytes: 1 });
      const api = countersignedFetch(signer, { fetch: through(origin) });
      const answer = await api('https://api.example.com/v1/orders', { method: 'POST', body: '{}' });
      expect([answer.status, (await answer.json()).code]).toEqual([413, 'body_too_large']);
    });
  });
});
