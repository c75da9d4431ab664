import {
  clockFetch,
  correctedClock,
  countersignedFetch,
  createSigner,
  generateCredentials,
  redirectFetch,
  SignatureError,
  signedFetch,
} from 'countersign';
import { describe, expect, it } from 'vitest';
import { countingDispatcher } from './dispatcher.ts';
import { endless } from './endless.ts';
import { type Rig, rig } from './rig.ts';

const redirect = (status: number, location: string) => new Response(null, { status, headers: { location } });

/** A server whose `/from` redirects to `location`. */
const redirecting = (status: number, location: string): Promise<Rig> =>
  rig({ answer: ({ request }) => (request.target === '/from' ? redirect(status, location) : undefined) });

const form = { method: 'POST', body: new URLSearchParams({ a: 'b' }), headers: { 'content-language': 'en' } };

describe('a redirect of signedFetch', () => {
  it.each([301, 302, 303, 307, 308])('%i is refused: nobody has signed where it leads', async (status) => {
    const { signer, origin, exchanges } = await redirecting(status, '/v1/accounts/1?force=yes');
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      const call = signedFetch(signer)(`${origin}/from`, { method });
      await expect(call).rejects.toMatchObject({
        code: 'redirect_refused',
        message: expect.stringContaining('/v1/accounts/1?force=yes'),
      });
    }
    expect(exchanges.map(({ request }) => request.target)).toEqual(['/from', '/from', '/from', '/from']);
  });

  it('names the address, and no more of it than a line', async () => {
    const { signer, origin } = await redirecting(302, `/${'a'.repeat(5000)}`);
    const error = await signedFetch(signer)(`${origin}/from`).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SignatureError);
    expect((error as SignatureError).message.length).toBeLessThan(400);
  });

  it('of redirectFetch and clockFetch leaves no connection open for a body that nobody reads', async () => {
    const cancelled: string[] = [];
    const clock = correctedClock();
    const signer = createSigner({ credentials: generateCredentials(), clock });
    const far = { location: 'https://other.example/' };
    const fetch = async () => endless(() => cancelled.push('ended'), { status: 302, headers: far });
    const followed = redirectFetch(signer, { fetch: signedFetch(signer, { fetch }) });
    for (const send of [followed, clockFetch(signer, { clock, fetch })])
      await expect(send('https://api.example.com/from')).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(cancelled).toEqual(['ended', 'ended']);
  });

  it('is refused where it is countersigned, too', async () => {
    const { signer, origin, exchanges } = await redirecting(307, '/to');
    const call = countersignedFetch(signer)(`${origin}/from`, { method: 'DELETE' });
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/redirect_refused|response_unsigned/) });
    expect(exchanges).toHaveLength(1);
  });
});

describe('redirectFetch', () => {
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
  ])('follows %i of a %s by a %s that is signed anew', async (status, method, next, carried) => {
    const { signer, origin, exchanges, outcomes, sent } = await redirecting(status, '/to?a=%7e');
    const init = { method, ...(!/GET|HEAD/.test(method) && { body: form.body, headers: form.headers }) };
    const call = redirectFetch(signer, { methods: [method] });
    const inputs = [
      () => call(`${origin}/from`, init),
      () => call(new Request(`${origin}/from`, init)),
      () => call(new URL(`${origin}/from`), init),
      () => call(`${origin}/from`, new Request(origin, init) as RequestInit),
    ];
    for (const send of inputs) {
      const response = await send();
      expect([response.status, response.url]).toEqual([200, `${origin}/to?a=%7e`]);
      expect(outcomes().splice(-2)).toEqual(['ok', 'ok']);
      const { request } = exchanges.at(-1) ?? {};
      expect(request).toMatchObject({ method: next, target: '/to?a=%7e' });
      expect(new TextDecoder().decode(request?.body)).toBe(carried ? 'a=b' : '');
      expect(sent('content-type').at(-1)).toBe(carried ? 'application/x-www-form-urlencoded;charset=UTF-8' : null);
      expect(sent('content-language').at(-1)).toBe(carried ? 'en' : null);
    }
    expect(new Set(sent('x-api-nonce')).size).toBe(2 * inputs.length);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'refuses those of a %s, also to a GET, unless it is named',
    async (method) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const { signer, origin, exchanges } = await redirecting(status, '/to');
        const call = redirectFetch(signer)(`${origin}/from`, { method, body: 'b' });
        await expect(call).rejects.toMatchObject({ code: 'redirect_refused' });
        expect(exchanges).toHaveLength(1);
      }
    },
  );

  it.each([
    [302, 'GET'],
    [307, 'HEAD'],
    [303, 'POST'],
    [307, 'DELETE'],
  ])('refuses %i of a %s to another origin, and sends nothing there', async (status, method) => {
    const other = await rig();
    const { signer, origin } = await redirecting(status, `${other.origin}/to`);
    const call = redirectFetch(signer, { methods: [method] })(`${origin}/from`, { method });
    await expect(call).rejects.toMatchObject({
      code: 'redirect_refused',
      message: expect.stringContaining(other.origin),
    });
    expect(other.exchanges).toEqual([]);
  });

  it('refuses one to an address with a user, for which no request can be made', async () => {
    const { signer, origin, exchanges } = await rig({
      answer: ({ request }) => redirect(302, `http://user:word@${request.authority}/to`),
    });
    await expect(redirectFetch(signer)(`${origin}/from`)).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(exchanges).toHaveLength(1);
  });

  it('takes another port for another origin', async () => {
    const { signer, origin } = await redirecting(302, 'http://127.0.0.1:9/to');
    await expect(redirectFetch(signer)(`${origin}/from`)).rejects.toMatchObject({ code: 'redirect_refused' });
  });

  it.each(['file:///etc/hostname', 'data:text/plain,forged', 'javascript:1', 'blob:nodedata:x', 'http://[', '//'])(
    'never goes to %s',
    async (location) => {
      const { signer, origin, exchanges } = await redirecting(302, location);
      await expect(redirectFetch(signer)(`${origin}/from`)).rejects.toMatchObject({ code: 'redirect_refused' });
      expect(exchanges).toHaveLength(1);
    },
  );

  it("carries the caller's headers, signal and further options along", async () => {
    const { signer, origin, sent } = await redirecting(302, '/to');
    const calls: RequestInit[] = [];
    const call = redirectFetch(signer, {
      fetch: signedFetch(signer, {
        fetch: (input, init) => {
          calls.push(init ?? {});
          return fetch(input, init);
        },
      }),
    });
    const dispatcher = countingDispatcher();
    const init = { headers: { authorization: 'Bearer a', cookie: 'b=c' }, cache: 'no-store', credentials: 'include' };
    await call(`${origin}/from`, { ...init, dispatcher } as RequestInit);
    expect(sent('authorization')).toEqual(['Bearer a', 'Bearer a']);
    expect(sent('cookie')).toEqual(['b=c', 'b=c']);
    expect(dispatcher.dispatched()).toBe(2);
    const { cache, credentials } = init;
    expect(calls).toMatchObject([
      { cache, credentials },
      { cache, credentials },
    ]);
  });

  it('gives up after 20, or as many as it is told', async () => {
    const { signer, origin, exchanges } = await rig({ answer: ({ request }) => redirect(302, `${request.target}x`) });
    await expect(redirectFetch(signer)(`${origin}/`)).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(exchanges).toHaveLength(21);
    const once = redirectFetch(signer, { maxRedirects: 1 });
    await expect(once(`${origin}/`)).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(exchanges).toHaveLength(23);
  });

  it('can be aborted on the way', async () => {
    const controller = new AbortController();
    const { signer, origin, exchanges } = await rig({
      answer: ({ request }) => {
        if (request.target === '/to') controller.abort();
        return request.target === '/from' ? redirect(307, '/to') : new Promise(() => {});
      },
    });
    const api = redirectFetch(signer, { methods: ['POST'] });
    const call = api(`${origin}/from`, { method: 'POST', body: 'b', signal: controller.signal });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(exchanges).toHaveLength(2);
  });

  it('refuses to send a stream twice', async () => {
    const { signer, origin, exchanges } = await redirecting(307, '/to');
    const call = redirectFetch(signer, { methods: ['POST'] })(`${origin}/from`, {
      method: 'POST',
      body: new Blob(['onetwothree']).stream(),
      duplex: 'half',
    } as RequestInit);
    await expect(call).rejects.toMatchObject({ code: 'redirect_refused', message: expect.stringContaining('stream') });
    expect(exchanges).toHaveLength(1);
  });
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
    expect((await redirectFetch(signer)(request, { redirect: 'follow' })).status).toBe(200);
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it.each(['manual', 'error'] as const)('is left to it by redirectFetch with %s', async (redirected) => {
    const { signer, origin, exchanges } = await redirecting(302, '/to');
    const call = redirectFetch(signer)(`${origin}/from`, { redirect: redirected });
    await (redirected === 'manual'
      ? expect(call).resolves.toMatchObject({ status: 302 })
      : expect(call).rejects.toThrow(TypeError));
    expect(exchanges).toHaveLength(1);
  });
});

it('is no redirect without a Location', async () => {
  const { signer, origin } = await rig({ answer: () => new Response('choose', { status: 302 }) });
  const response = await signedFetch(signer)(`${origin}/from`);
  expect([response.status, await response.text()]).toEqual([302, 'choose']);
});
