import { signingHooks } from 'countersign/ky';
import ky, { type AfterResponseHook } from 'ky';
import { describe, expect, it } from 'vitest';
import { busy, type HookInput, requestOf, retry, versions } from './ky-versions.ts';
import { rig } from './rig.ts';

describe.each(versions)('$name', ({ api }) => {
  it('signs a GET, its JSON read by .json(), which sets Accept before the hooks run', async () => {
    const { signer, origin, outcomes, sent } = await rig({ signer: { signedHeaders: ['accept'] } });
    expect(await api(signer, origin).get('orders').json()).toMatchObject({ method: 'GET', target: '/v1/orders' });
    expect(outcomes()).toEqual(['ok']);
    expect(sent('accept')).toEqual(['application/json']);
  });

  it('signs each method', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const client = api(signer, origin);
    for (const method of ['get', 'post', 'put', 'patch', 'delete', 'head'] as const) await client[method]('x');
    await client('x', { method: 'patch', body: 'p' });
    expect(outcomes()).toEqual(Array(7).fill('ok'));
    expect(exchanges.map(({ request }) => request.method).join()).toBe('GET,POST,PUT,PATCH,DELETE,HEAD,PATCH');
  });

  it('signs what searchParams make of the URL', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const client = api(signer, origin);
    await client.get('x', { searchParams: { q: "a b+c!'()*~ü", empty: '' } });
    await client.get('x', { searchParams: 'a=%20&a=+&&b' });
    await client.get('x?%7e=%2f&x=(1)');
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    expect(exchanges[0]?.request.target).toContain('q=a+b%2Bc');
  });

  it('signs every attempt anew', async () => {
    let now = 1_700_000_000_000;
    const clock = () => {
      now += 1000;
      return now;
    };
    const { signer, origin, outcomes, sent } = await rig({ signer: { clock }, verifier: { clock }, answer: busy(2) });
    const answer = await api(signer, origin)
      .put('orders', { json: { sku: 'A-1' } })
      .json();
    expect(answer).toMatchObject({ text: '{"sku":"A-1"}' });
    // A nonce or signature that was used again would be refused as a replay.
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    for (const field of ['x-api-nonce', 'x-api-timestamp', 'x-api-signature']) {
      expect(new Set(sent(field)).size, field).toBe(3);
    }
  });

  it('asks for one signature per attempt', async () => {
    let nonces = 0;
    const nonce = () => `nonce-of-attempt-${nonces++}`;
    const { signer, origin, sent } = await rig({ signer: { nonce }, answer: busy(2) });
    await api(signer, origin).get('x');
    expect(sent('x-api-nonce')).toEqual(['nonce-of-attempt-0', 'nonce-of-attempt-1', 'nonce-of-attempt-2']);
  });

  it('signs anew after an answer that never came', async () => {
    let cut = true;
    const { signer, origin, outcomes } = await rig({
      answer: () => {
        if (!cut) return undefined;
        cut = false;
        throw new Error('the bridge drops the connection');
      },
    });
    await api(signer, origin).get('x');
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it('sets headers in place, so that hooks after it run and see them', async () => {
    const { signer, origin, outcomes, sent } = await rig({ answer: busy(1) });
    const seen: Array<string | null> = [];
    const look = (state: HookInput) => {
      const request = requestOf(state);
      seen.push(request.headers.get('x-api-signature'));
      request.headers.set('x-later', 'yes');
    };
    const client = api(signer, origin).extend({ hooks: { beforeRequest: [look], beforeRetry: [look] } });
    await client.get('x');
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(sent('x-later')).toEqual(['yes', 'yes']);
    expect(seen.at(-1)).toBe(sent('x-api-signature')[1]);
  });

  it('signs headers that hooks before it have set', async () => {
    const { signer, origin, outcomes, sent } = await rig({ signer: { signedHeaders: ['x-tenant'] } });
    const tenant = (state: HookInput) => {
      requestOf(state).headers.set('x-tenant', 'acme');
    };
    const before = api(signer, origin).extend({
      hooks: { beforeRequest: undefined as never, beforeRetry: undefined as never },
    });
    const hooks = signingHooks(signer);
    const client = before.extend({ hooks: { ...hooks, beforeRequest: [tenant, ...hooks.beforeRequest] } as never });
    await client.get('x');
    expect(outcomes()).toEqual(['ok']);
    expect(sent('x-tenant')).toEqual(['acme']);
  });

  it('signs ranges and conditions that nobody has named', async () => {
    const { signer, origin, outcomes, sent } = await rig();
    await api(signer, origin).get('x', { headers: { range: 'bytes=0-9', 'if-match': '"a"' } });
    expect(outcomes()).toEqual(['ok']);
    expect(sent('x-api-signed-headers')).toEqual(['if-match;range']);
  });

  it('keeps what extend adds', async () => {
    const { signer, origin, outcomes, sent } = await rig();
    await api(signer, origin)
      .extend({ headers: { 'x-tenant': 'acme' } })
      .extend({ searchParams: { page: '2' } })
      .post('x', { body: 'b' });
    expect(outcomes()).toEqual(['ok']);
    expect(sent('x-tenant')).toEqual(['acme']);
  });

  it('reports upload and download progress', async () => {
    const { signer, origin, outcomes } = await rig();
    const up: number[] = [];
    const down: number[] = [];
    const body = new Uint8Array(200_000);
    await api(signer, origin)
      .post('x', {
        body,
        onUploadProgress: ({ transferredBytes }) => up.push(transferredBytes),
        onDownloadProgress: ({ transferredBytes }) => down.push(transferredBytes),
      })
      .json();
    expect(outcomes()).toEqual(['ok']);
    expect(up.at(-1)).toBe(body.length);
    expect(down.at(-1)).toBeGreaterThan(0);
  });

  it('times out', async () => {
    const { signer, origin, outcomes } = await rig({ answer: () => new Promise(() => {}) });
    const call = api(signer, origin).post('x', { body: 'b', timeout: 100 });
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(outcomes()).toEqual(['ok']);
  });

  it('can be aborted, before and after it was sent', async () => {
    const controller = new AbortController();
    const { signer, origin, exchanges } = await rig({
      answer: () => {
        controller.abort();
        return new Promise(() => {});
      },
    });
    const client = api(signer, origin);
    const { signal } = controller;
    await expect(client.post('x', { body: 'b', signal })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(client.post('x', { body: 'b', signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(exchanges).toHaveLength(1);
  });

  it.each(['get', 'put'] as const)('gives the caller of %s the error of signing, and sends nothing', async (method) => {
    const { signer, origin, exchanges } = await rig({ signer: { signedHeaders: ['x-tenant'] } });
    let prepared = 0;
    const count = () => {
      prepared++;
    };
    const client = api(signer, origin).extend({ hooks: { beforeRetry: [count] } });
    const call = client[method]('x', method === 'put' ? { body: 'b' } : {});
    await expect(call).rejects.toMatchObject({ name: 'SignatureError', code: 'missing_header' });
    expect(exchanges).toEqual([]);
    // An error of the caller's own does not go away by being tried again.
    expect(prepared).toBe(0);
  });
});

describe('ky 2', () => {
  it('signs what baseUrl makes of the URL', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const client = ky.create({ baseUrl: `${origin}/v1/`, hooks: signingHooks(signer) });
    await client.get('../orders?a=%7E');
    expect(outcomes()).toEqual(['ok']);
    expect(exchanges[0]?.request.target).toBe('/orders?a=%7E');
  });

  it('signs a request that an afterResponse hook sends instead, with another body', async () => {
    const { signer, origin, outcomes, exchanges } = await rig({ answer: busy(1) });
    const again: AfterResponseHook = ({ request, response, retryCount }) =>
      retryCount === 0 && response.status === 503
        ? ky.retry({ request: new Request(request.url, { method: 'POST', body: 'other' }), delay: 0 })
        : undefined;
    const hooks = { ...signingHooks(signer), afterResponse: [again] };
    await ky.post(`${origin}/x`, { json: { a: 1 }, hooks });
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(new TextDecoder().decode(exchanges[1]?.request.body)).toBe('other');
  });

  it('signs anew after a timeout', async () => {
    let slow = true;
    const { signer, origin, outcomes } = await rig({
      answer: async () => {
        if (slow) {
          slow = false;
          await new Promise(() => {});
        }
        return undefined;
      },
    });
    const hooks = signingHooks(signer);
    await ky.put(`${origin}/x`, { body: 'b', timeout: 200, retry: { ...retry, retryOnTimeout: true }, hooks });
    expect(outcomes()).toEqual(['ok', 'ok']);
  });
});
