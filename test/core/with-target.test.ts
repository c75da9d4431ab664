import { describe, expect, it } from 'vitest';
import { copyInit, referrerInit, withTarget } from '../../src/core/with-target.ts';

const url = 'https://api.example.com:8443/a?b#c';
const to = (target: string, body?: Uint8Array) => ({ target, body });
const signed = to('/a/../%7e?b&signature=1');
const post = (init: RequestInit = {}) => new Request(url, { method: 'POST', body: '{"a":1}', ...init });

describe('a request with another target', () => {
  it('keeps its origin, and has the target byte for byte', async () => {
    const found = await withTarget(new Request(url), to('/x?y=%7e'));
    expect(found.url).toBe('https://api.example.com:8443/x?y=%7e');
    expect((await withTarget(new Request('http://a.example'), to('/x'))).url).toBe('http://a.example/x');
    expect((await withTarget(new Request('https://a.example/\u2028b'), to('/x'))).url).toBe('https://a.example/x');
  });

  it('keeps method, headers and body', async () => {
    const found = await withTarget(post({ headers: { 'X-A': '1' } }), signed);
    expect([found.method, found.headers.get('x-a'), await found.text()]).toEqual(['POST', '1', '{"a":1}']);
  });

  it('takes the bytes that were read instead of the body', async () => {
    const found = await withTarget(post(), to('/x', new TextEncoder().encode('read')));
    expect(await found.text()).toBe('read');
  });

  it.each(['GET', 'HEAD', 'DELETE'])('has no body where %s has none', async (method) => {
    expect((await withTarget(new Request(url, { method }), signed)).body).toBeNull();
  });

  it('carries on a stream', async () => {
    const body = new Blob(['streamed']).stream();
    const found = await withTarget(new Request(url, { method: 'PUT', body, duplex: 'half' } as RequestInit), signed);
    expect(await found.text()).toBe('streamed');
  });

  // Firefox has no Request.body.
  it.each([
    ['POST', 1],
    ['GETX', 1],
    ['XHEAD', 1],
    ['GET', 0],
    ['HEAD', 0],
  ])('reads the body of a %s that does not show it %i times', async (method, times) => {
    let reads = 0;
    const request = {
      ...{ method, url, headers: new Headers(), body: undefined },
      arrayBuffer: async () => {
        reads += 1;
        return new TextEncoder().encode('hidden').buffer;
      },
    } as unknown as Request;
    const found = await withTarget(request, signed);
    expect([reads, await found.text()]).toEqual([times, times ? 'hidden' : '']);
  });

  it('does not read a body that it shows', async () => {
    const request = post();
    Object.assign(request, { arrayBuffer: () => Promise.reject(new Error('The body is read for nothing.')) });
    expect(await (await withTarget(request, signed)).text()).toBe('{"a":1}');
  });
});

describe('what another request inherits', () => {
  it('is what was chosen', () => {
    const { signal } = new AbortController();
    const init = copyInit(new Request(url, { credentials: 'include', cache: 'no-store', redirect: 'manual', signal }));
    expect(init).toMatchObject({ credentials: 'include', cache: 'no-store', redirect: 'manual', mode: 'cors' });
    expect(init.signal).toBeInstanceOf(AbortSignal);
  });

  it('has no option that the runtime leaves empty or lacks', () => {
    const init = copyInit({ method: 'GET', redirect: 'follow', integrity: '', keepalive: false } as Request);
    expect(init).toEqual({ redirect: 'follow' });
  });

  it('has the referrer with its policy, where there is one', () => {
    expect(referrerInit({ referrer: '', referrerPolicy: 'origin' } as Request)).toEqual({
      referrer: '',
      referrerPolicy: 'origin',
    });
    expect(referrerInit({ referrerPolicy: 'origin' } as Request)).toEqual({});
    expect(referrerInit()).toEqual({});
    expect(copyInit({ referrer: 'about:client', referrerPolicy: '' } as Request)).toEqual({
      referrer: 'about:client',
      referrerPolicy: '',
    });
  });
});
