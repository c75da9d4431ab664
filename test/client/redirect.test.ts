import { SignatureError, signedFetch } from 'countersign';
import { describe, expect, it } from 'vitest';
import { countingDispatcher } from './dispatcher.ts';
import { type Rig, rig } from './rig.ts';

const redirect = (status: number, location: string) => new Response(null, { status, headers: { location } });

/** A server whose `/from` redirects to `location`. */
const redirecting = (status: number, location: string): Promise<Rig> =>
  rig({ answer: ({ request }) => (request.target === '/from' ? redirect(status, location) : undefined) });

const form = { method: 'POST', body: new URLSearchParams({ a: 'b' }), headers: { 'content-language': 'en' } };

describe('a redirect to the same origin', () => {
  it.each([
    // status, method, method that follows, whether the body goes along: the Fetch Standard, "HTTP-redirect fetch"
    [301, 'GET', 'GET', false],
    [302, 'HEAD', 'HEAD', false],
    [303, 'GET', 'GET', false],
    [307, 'GET', 'GET', false],
    [308, 'GET', 'GET', false],
    [301, 'POST', 'GET', false],
    [302, 'POST', 'GET', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [303, 'HEAD', 'HEAD', false],
    [301, 'PUT', 'PUT', true],
    [302, 'DELETE', 'DELETE', true],
    [307, 'POST', 'POST', true],
    [308, 'PATCH', 'PATCH', true],
  ])('%i of a %s is followed by a %s that is signed anew', async (status, method, next, carried) => {
    const { signer, origin, exchanges, outcomes, sent } = await redirecting(status, '/to?a=%7e');
    const body = /GET|HEAD/.test(method) ? {} : { body: form.body, headers: form.headers };
    const response = await signedFetch(signer)(`${origin}/from`, { method, ...body });
    expect([response.status, response.url]).toEqual([200, `${origin}/to?a=%7e`]);
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(exchanges[1]?.request).toMatchObject({ method: next, target: '/to?a=%7e' });
    expect(new TextDecoder().decode(exchanges[1]?.request.body)).toBe(carried ? 'a=b' : '');
    expect(sent('content-type')[1]).toBe(carried ? 'application/x-www-form-urlencoded;charset=UTF-8' : null);
    expect(sent('content-language')[1]).toBe(carried ? 'en' : null);
    expect(new Set(sent('x-api-nonce')).size).toBe(2);
  });

  it('carries the body of a Request along', async () => {
    const { signer, origin, outcomes, exchanges } = await redirecting(307, '/to');
    const request = new Request(`${origin}/from`, { method: 'POST', body: new Blob(['one', 'two'], { type: 'a/b' }) });
    await signedFetch(signer)(request);
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(exchanges[1]?.request.headers.get('content-type')).toBe('a/b');
    expect(new TextDecoder().decode(exchanges[1]?.request.body)).toBe('onetwo');
  });

  it("carries the caller's headers, signal and further options along", async () => {
    const { signer, origin, sent } = await redirecting(302, '/to');
    const requests: Request[] = [];
    const call = signedFetch(signer, (input, init) => {
      requests.push(input as Request);
      return fetch(input, init);
    });
    const dispatcher = countingDispatcher();
    const init = { headers: { authorization: 'Bearer a', cookie: 'b=c' }, cache: 'no-store', credentials: 'include' };
    await call(`${origin}/from`, { ...init, dispatcher } as RequestInit);
    expect(sent('authorization')).toEqual(['Bearer a', 'Bearer a']);
    expect(sent('cookie')).toEqual(['b=c', 'b=c']);
    expect(dispatcher.dispatched()).toBe(2);
    const { cache, credentials } = init;
    expect(requests).toMatchObject([
      { cache, credentials },
      { cache, credentials },
    ]);
  });

  it('is given up after 20', async () => {
    const { signer, origin, exchanges } = await rig({ answer: ({ request }) => redirect(302, `${request.target}x`) });
    await expect(signedFetch(signer)(`${origin}/`)).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(exchanges).toHaveLength(21);
  });

  it('can be aborted on the way', async () => {
    const controller = new AbortController();
    const { signer, origin, exchanges } = await rig({
      answer: ({ request }) => {
        if (request.target === '/to') controller.abort();
        return request.target === '/from' ? redirect(307, '/to') : new Promise(() => {});
      },
    });
    const call = signedFetch(signer)(`${origin}/from`, { method: 'POST', body: 'b', signal: controller.signal });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(exchanges).toHaveLength(2);
  });

  it('of a body that was streamed unread is refused', async () => {
    const { signer, origin, exchanges } = await redirecting(307, '/to');
    const call = signedFetch(signer)(`${origin}/from`, {
      method: 'POST',
      body: new Blob(['onetwothree']).stream(),
      headers: { 'content-digest': 'sha-256=:RZIJLhBhx+qFryrtGUYhzBeidiuuM6eb+M4z/QFouAE=:' },
      duplex: 'half',
    } as RequestInit);
    await expect(call).rejects.toMatchObject({ code: 'redirect_refused', message: expect.stringContaining('stream') });
    expect(exchanges).toHaveLength(1);
  });
});

describe('a redirect to another origin', () => {
  const signed = /^(x-api-|content-digest$|authorization$|cookie$|proxy-authorization$)/i;
  const headers = { authorization: 'Bearer a', cookie: 'b=c', 'proxy-authorization': 'd', 'x-tenant': 'acme' };

  it.each([
    [302, 'GET'],
    [307, 'HEAD'],
    [303, 'POST'],
    [301, 'POST'],
  ])('%i of a %s is followed without a trace of the signature and of credentials', async (status, method) => {
    const other = await rig();
    const { signer, origin, outcomes } = await redirecting(status, `${other.origin}/to`);
    const body = method === 'POST' ? { body: 'b' } : {};
    const response = await signedFetch(signer)(`${origin}/from`, { method, headers, ...body });
    expect(outcomes()).toEqual(['ok']);
    expect(response.url).toBe(`${other.origin}/to`);
    expect(other.outcomes()).toEqual(['missing_signature']);
    expect(other.exchanges[0]?.fields.filter(([name]) => signed.test(name))).toEqual([]);
    expect(other.sent('x-tenant')).toEqual(['acme']);
  });

  it('is not signed when it leads back', async () => {
    const other = await rig({ answer: () => redirect(302, `${origin}/back`) });
    const { signer, origin, outcomes } = await redirecting(302, `${other.origin}/to`);
    expect((await signedFetch(signer)(`${origin}/from`)).status).toBe(401);
    expect(outcomes()).toEqual(['ok', 'missing_signature']);
  });

  it.each([
    [307, 'POST'],
    [308, 'DELETE'],
    [302, 'PUT'],
  ])('%i of a %s is refused, and nothing sent', async (status, method) => {
    const other = await rig();
    const { signer, origin } = await redirecting(status, `${other.origin}/to`);
    const error = await signedFetch(signer)(`${origin}/from`, { method, body: 'b' }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SignatureError);
    expect(error).toMatchObject({ code: 'redirect_refused', message: expect.stringContaining(other.origin) });
    expect(other.exchanges).toEqual([]);
  });

  it('that only differs in the port is another origin', async () => {
    const { signer, origin } = await redirecting(307, 'http://127.0.0.1:9/to');
    const call = signedFetch(signer)(`${origin}/from`, { method: 'POST', body: 'b' });
    await expect(call).rejects.toMatchObject({ code: 'redirect_refused' });
  });

  it.each(['file:///etc/hostname', 'data:text/plain,forged', 'javascript:1', 'blob:nodedata:x'])(
    'is never followed to %s',
    async (location) => {
      const { signer, origin } = await redirecting(302, location);
      await expect(signedFetch(signer)(`${origin}/from`)).rejects.toMatchObject({ code: 'redirect_refused' });
    },
  );
});

describe('a redirect that the caller handles', () => {
  it("is handed over as it is with redirect: 'manual'", async () => {
    const { signer, origin, outcomes } = await redirecting(302, '/to');
    for (const input of [`${origin}/from`, new Request(`${origin}/from`, { redirect: 'manual' })]) {
      const response = await signedFetch(signer)(input, { ...(typeof input === 'string' && { redirect: 'manual' }) });
      expect([response.status, response.headers.get('location')]).toEqual([302, '/to']);
    }
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it("fails with redirect: 'error'", async () => {
    const { signer, origin, outcomes } = await redirecting(302, '/to');
    await expect(signedFetch(signer)(`${origin}/from`, { redirect: 'error' })).rejects.toThrow(TypeError);
    await expect(signedFetch(signer)(new Request(`${origin}/from`, { redirect: 'error' }))).rejects.toThrow(TypeError);
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it('is followed when init asks for it, whatever the Request says', async () => {
    const { signer, origin, outcomes } = await redirecting(302, '/to');
    const request = new Request(`${origin}/from`, { redirect: 'error' });
    expect((await signedFetch(signer)(request, { redirect: 'follow' })).status).toBe(200);
    expect(outcomes()).toEqual(['ok', 'ok']);
  });
});

it('is no redirect without a Location', async () => {
  const { signer, origin } = await rig({ answer: () => new Response('choose', { status: 302 }) });
  const response = await signedFetch(signer)(`${origin}/from`);
  expect([response.status, await response.text()]).toEqual([302, 'choose']);
});
