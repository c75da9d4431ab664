import { allowUnsignedPayload, signedFetch } from 'countersign';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { busy, type HookInput, requestOf, retry, versions } from './ky-versions.ts';
import { rig } from './rig.ts';

const chunks = (...texts: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(versions)('$name', ({ api, unsigned }) => {
  const form = () => {
    const data = new FormData();
    data.set('note', 'line\nbreak "quoted" ü');
    data.set('file', new File([new Uint8Array([0, 255, 10, 13])], 'ü.bin'));
    return data;
  };
  it.each<[string, () => BodyInit]>([
    ['text', () => 'hällo'],
    ['an empty text', () => ''],
    ['bytes', () => new Uint8Array([0, 1, 255])],
    ['a view of part of a buffer', () => new DataView(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2)],
    ['an ArrayBuffer', () => new Uint8Array([1, 2]).buffer],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b c', ü: '&' })],
    ['a FormData with a file', form],
    ['a Blob', () => new Blob(['{"a":1}'], { type: 'application/json' })],
    ['a Blob without type', () => new Blob([new Uint8Array(70_000)])],
    ['a stream', () => chunks('one', 'two', 'three')],
  ])('signs %s, also when it is sent again', async (_, body) => {
    const { signer, origin, outcomes, exchanges } = await rig({ answer: busy(1) });
    await api(signer, origin).put('x', { body: body() });
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(exchanges[0]?.request.body).toEqual(exchanges[1]?.request.body);
  });

  it('signs the body of a Request that it is given', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    await api(signer, origin)(new Request(`${origin}/v1/x`, { method: 'POST', body: new Uint8Array([1, 2, 3]) }));
    expect(outcomes()).toEqual(['ok']);
    expect([...(exchanges[0]?.request.body ?? [])]).toEqual([1, 2, 3]);
  });

  it.each<[string, BodyInit | undefined]>([
    ['no body', undefined],
    ['an empty text', ''],
    ['a text', 'text'],
    ['URLSearchParams', new URLSearchParams('a=b')],
    ['64 MiB of bytes', new Uint8Array(64 << 20)],
    ['a Blob', new Blob(['b'])],
  ])('does not clone a request to hash %s', async (_, body) => {
    const { signer, origin } = await rig();
    const clone = vi.spyOn(Request.prototype, 'clone');
    const fetch = vi.fn(async (request: RequestInfo | URL) => {
      // Left unread, the clone that ky 1 makes would never be done with.
      await (request as Request).body?.pipeTo(new WritableStream());
      return new Response();
    });
    const options = { fetch, ...(body !== undefined && { body }) };
    await api(signer, origin).post('x', options);
    const clones = clone.mock.calls.length;
    clone.mockClear();
    await unsigned.post(`${origin}/v1/x`, options);
    // ky clones by itself what it may have to send again.
    expect(clones).toBe(clone.mock.calls.length);
    const sent = fetch.mock.calls[0]?.[0] as Request;
    expect(sent.headers.has('content-digest')).toBe(body !== undefined && body !== '');
  });

  it('tells at once that a stream is more than may be read to be signed', async () => {
    const { signer, origin, exchanges } = await rig({ signer: { maxBodyBytes: 5 } });
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(3)) });
    const call = api(signer, origin).post('x', { body: endless });
    await expect(call).rejects.toMatchObject({ code: 'body_too_large', message: expect.stringContaining('5 bytes') });
    expect(exchanges).toEqual([]);
  });

  it('refuses a stream of anything but bytes', async () => {
    const { signer, origin, exchanges } = await rig();
    const texts = new ReadableStream({
      start(controller) {
        controller.enqueue('text');
        controller.enqueue('more text');
        controller.close();
      },
    });
    await expect(api(signer, origin).post('x', { body: texts })).rejects.toMatchObject({ code: 'body_unreadable' });
    expect(exchanges).toEqual([]);
  });

  it('sends a stream of any size whose digest the caller declares, unread', async () => {
    const { signer, origin, outcomes } = await rig({ signer: { maxBodyBytes: 5 } });
    const headers = { 'content-digest': 'sha-256=:RZIJLhBhx+qFryrtGUYhzBeidiuuM6eb+M4z/QFouAE=:' };
    await api(signer, origin).post('x', { body: chunks('one', 'two', 'three'), headers });
    expect(outcomes()).toEqual(['ok']);
  });

  it('leaves a stream unsigned where both sides allow it', async () => {
    const { signer, origin, outcomes, sent } = await rig({
      signer: { maxBodyBytes: 5, [allowUnsignedPayload]: true },
      verifier: { [allowUnsignedPayload]: true },
    });
    const client = api(signer, origin);
    await client.post('x', { body: chunks('one', 'two', 'three') });
    await client.post('x', { body: 'in memory' });
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(sent('x-api-payload')).toEqual(['unsigned', null]);
  });

  it('takes signedFetch as its fetch, which signs whatever hooks make of a request', async () => {
    const { signer, origin, outcomes, exchanges } = await rig({ answer: busy(1) });
    const replace = (state: HookInput) => new Request(requestOf(state), { body: 'replaced' });
    const client = unsigned.extend({ fetch: signedFetch(signer), retry, hooks: { beforeRequest: [replace] } });
    await client.put(`${origin}/v1/x`, { json: { a: 1 } });
    expect(outcomes()).toEqual(['ok', 'ok']);
    expect(new TextDecoder().decode(exchanges[1]?.request.body)).toBe('replaced');
  });

  it('tells the server of a body that another hook has replaced by a digest that does not match', async () => {
    const { signer, origin, outcomes } = await rig();
    const replace = (state: HookInput) => new Request(requestOf(state), { body: 'replaced' });
    const client = api(signer, origin).extend({ hooks: { beforeRequest: [replace] }, throwHttpErrors: false });
    await client.post('x', { body: 'given' });
    expect(outcomes()).toEqual(['body_digest_mismatch']);
  });
});
