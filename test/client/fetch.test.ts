import { type Fetch, type Signer, signedFetch } from 'countersign';
import { describe, expect, it } from 'vitest';
import { countingDispatcher } from './dispatcher.ts';
import { rig } from './rig.ts';

/** What a signed fetch hands to the fetch below it, as that would understand it. */
async function handedOver(signer: Signer, ...given: Parameters<Fetch>): Promise<Request> {
  let seen: Request | undefined;
  await signedFetch(signer, {
    fetch: async (input, init) => {
      seen = new Request(input, init);
      return new Response();
    },
  })(...given);
  if (!seen) throw new Error('Nothing was sent.');
  return seen;
}

describe('what signedFetch is called with', () => {
  it('may be a text, a URL or a Request, with init or without', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const call = signedFetch(signer);
    const url = `${origin}/x?q=%7e+%20#fragment`;
    const init = { method: 'PUT', body: 'b' };
    for (const input of [url, new URL(url), new Request(url)]) await call(input);
    for (const input of [url, new URL(url), new Request(url)]) await call(input, init);
    await call(new Request(url, init));
    expect(new Set(outcomes())).toEqual(new Set(['ok']));
    expect(exchanges.map(({ request }) => request.method).join()).toBe('GET,GET,GET,PUT,PUT,PUT,PUT');
    expect(new Set(exchanges.map(({ request }) => request.target))).toEqual(new Set(['/x?q=%7e+%20']));
  });

  it('may be a URL and a Request that says the rest', async () => {
    const { signer, origin, outcomes, sent, exchanges } = await rig();
    const controller = new AbortController();
    const { signal } = controller;
    const asInit = () =>
      new Request('http://other.example/', { method: 'POST', body: 'b', headers: { 'x-tenant': 'acme' }, signal });
    await signedFetch(signer)(`${origin}/x`, asInit());
    expect(outcomes()).toEqual(['ok']);
    expect(exchanges[0]?.request.method).toBe('POST');
    expect(sent('x-tenant')).toEqual(['acme']);
    controller.abort();
    await expect(signedFetch(signer)(`${origin}/x`, asInit())).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('may be a Request whose headers, method or body init replaces', async () => {
    const { signer, origin, outcomes, sent, exchanges } = await rig();
    const call = signedFetch(signer);
    const request = () =>
      new Request(`${origin}/x`, {
        method: 'POST',
        body: 'own',
        headers: { 'content-type': 'text/csv', 'x-own': 'yes' },
      });
    await call(request(), { headers: { 'x-other': 'yes' } });
    await call(request(), { body: new Uint8Array([1, 2]) });
    await call(request(), { method: 'PUT' });
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    expect(sent('x-own')).toEqual([null, 'yes', 'yes']);
    expect(sent('x-other')).toEqual(['yes', null, null]);
    expect(exchanges.map(({ request: { body } }) => body.length)).toEqual([3, 2, 3]);
    expect(exchanges[2]?.request.method).toBe('PUT');
  });

  it('may have a method in lower case', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const call = signedFetch(signer);
    for (const method of ['get', 'patch', 'Patch', 'pUt']) await call(`${origin}/x`, { method });
    // Fetch leaves patch as it is, and Node's own server takes none but upper-case methods.
    await call(new Request(`${origin}/x`, { method: 'patch', body: 'b' }));
    expect(new Set(outcomes())).toEqual(new Set(['ok']));
    expect(exchanges.map(({ request }) => request.method).join()).toBe('GET,PATCH,PATCH,PUT,PATCH');
  });

  it('is refused before anything is sent where fetch itself would', async () => {
    const { signer, origin, exchanges } = await rig();
    const call = signedFetch(signer);
    const { port } = new URL(origin);
    await expect(call(`http://user:pass@127.0.0.1:${port}/`)).rejects.toThrow(TypeError);
    await expect(call('/relative')).rejects.toThrow(TypeError);
    await expect(call(`${origin}/`, { method: 'GET', body: 'b' })).rejects.toThrow(TypeError);
    await expect(call(`${origin}/`, { headers: { 'x-y': 'a\nb' } })).rejects.toThrow(TypeError);
    await expect(call('ftp://127.0.0.1/')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(call(`${origin}/`, { method: 'G T' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(call('')).rejects.toThrow(TypeError);
    expect(exchanges).toEqual([]);
  });

  it('leaves the URL, the init and the headers that it was given as they were', async () => {
    const { signer, origin } = await rig();
    const headers = new Headers({ 'x-tenant': 'acme' });
    const init = Object.freeze({ method: 'POST', body: 'b', headers });
    const call = signedFetch(signer);
    await call(Object.freeze(new URL(origin)), init);
    await call(origin, init);
    expect([...headers]).toEqual([['x-tenant', 'acme']]);
  });
});

describe('what signedFetch keeps', () => {
  const options: ReadonlyArray<[keyof Request & keyof RequestInit, unknown]> = [
    ['credentials', 'include'],
    ['credentials', 'omit'],
    ['mode', 'same-origin'],
    ['cache', 'no-store'],
    ['redirect', 'error'],
    ['redirect', 'manual'],
    ['integrity', 'sha256-AAAA'],
    ['keepalive', true],
    ['referrer', 'about:client'],
    ['referrer', ''],
    ['referrerPolicy', 'no-referrer'],
    ['duplex' as 'cache', 'half'],
  ];

  it.each(options)('%s: %j, given beside the URL', async (name, value) => {
    const { signer, origin } = await rig();
    for (const body of ['b', new Blob(['b']), undefined]) {
      const init = { method: 'POST', [name]: value, ...(body !== undefined && { body }) };
      expect((await handedOver(signer, origin, init))[name]).toEqual(value);
    }
  });

  it.each(options)('%s: %j, given in a Request', async (name, value) => {
    const { signer, origin } = await rig();
    for (const body of ['b', undefined]) {
      const request = new Request(origin, { method: 'POST', [name]: value, ...(body !== undefined && { body }) });
      expect((await handedOver(signer, request))[name]).toEqual(value);
    }
  });

  it('the signal: of the Request, and of init before it', async () => {
    const { signer, origin } = await rig();
    const aborted = AbortSignal.abort(new Error('given up'));
    expect((await handedOver(signer, origin, { signal: aborted })).signal.aborted).toBe(true);
    expect((await handedOver(signer, new Request(origin, { signal: aborted }))).signal.aborted).toBe(true);
    const both = await handedOver(signer, new Request(origin, { signal: aborted }), {
      signal: new AbortController().signal,
    });
    expect(both.signal.aborted).toBe(false);
    await expect(signedFetch(signer)(origin, { signal: aborted })).rejects.toThrow('given up');
  });

  it('options that are not of the Fetch Standard, such as a dispatcher', async () => {
    const { signer, origin, outcomes } = await rig();
    const dispatcher = countingDispatcher();
    const extra = { dispatcher } as RequestInit;
    await signedFetch(signer)(origin, { ...extra, method: 'POST', body: 'b' });
    await signedFetch(signer)(new Request(origin), extra);
    await signedFetch(signer)(new Request(origin, { method: 'POST', body: 'b' }), extra);
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    expect(dispatcher.dispatched()).toBe(3);
  });

  it('the headers that it was given, in whatever form', async () => {
    const { signer, origin, outcomes, sent } = await rig({ signer: { signedHeaders: ['X-Tenant'] } });
    for (const headers of [{ 'X-Tenant': 'a' }, [['x-tenant', 'a']] as HeadersInit, new Headers({ 'x-tenant': 'a' })]) {
      await signedFetch(signer)(origin, { headers });
    }
    await signedFetch(signer)(origin, {
      headers: [
        ['x-tenant', 'a'],
        ['X-Tenant', 'b'],
      ],
    });
    expect(outcomes()).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(sent('x-tenant')).toEqual(['a', 'a', 'a', 'a, b']);
  });

  it('nothing of an older signature', async () => {
    const { signer, origin, outcomes, sent } = await rig();
    const first = await handedOver(signer, origin, { method: 'POST', body: 'b' });
    const init = { headers: first.headers };
    await signedFetch(signer)(origin, { ...init, method: 'POST', body: 'other' });
    await signedFetch(signer)(origin, init);
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(sent('x-api-signature')[0]).not.toContain(',');
  });
});

describe('the fetch below', () => {
  it('is the global one of the moment, unless another is given', async () => {
    const { signer, origin, outcomes } = await rig();
    const call = signedFetch(signer);
    const own = globalThis.fetch;
    const replaced: Fetch = async () => new Response('replaced');
    try {
      globalThis.fetch = replaced;
      expect(await (await call(origin)).text()).toBe('replaced');
    } finally {
      globalThis.fetch = own;
    }
    expect(await (await call(origin)).json()).toMatchObject({ method: 'GET' });
    expect(outcomes()).toEqual(['ok']);
  });

  it('can be another signed fetch, whose signature is the one sent', async () => {
    const { signer, origin, outcomes } = await rig();
    const { signer: stranger } = await rig();
    await signedFetch(stranger, { fetch: signedFetch(signer) })(origin, { method: 'POST', body: 'b' });
    expect(outcomes()).toEqual(['ok']);
  });

  it('throws what it throws', async () => {
    const { signer } = await rig();
    await expect(signedFetch(signer)('http://127.0.0.1:1/')).rejects.toThrow('fetch failed');
  });
});

it('signs calls that are made at the same time each for itself', async () => {
  const { signer, origin, outcomes, sent } = await rig();
  const call = signedFetch(signer);
  await Promise.all(Array.from({ length: 50 }, (_, i) => call(`${origin}/${i}`, { method: 'POST', body: `${i}` })));
  expect(outcomes()).toEqual(Array(50).fill('ok'));
  expect(new Set(sent('x-api-nonce')).size).toBe(50);
});
