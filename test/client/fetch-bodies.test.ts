import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Fetch, prepareRequest, signedFetch } from 'countersign';
import { describe, expect, it } from 'vitest';
import { rig } from './rig.ts';

const form = () => {
  const data = new FormData();
  data.append('note', 'line\nbreak "quoted" ü');
  data.append('note', '');
  data.append('file', new File([new Uint8Array([0, 255, 13, 10])], 'ü "x".bin', { type: 'application/x-bin' }));
  return data;
};
const text = 'text/plain;charset=UTF-8';
const pairs = 'application/x-www-form-urlencoded;charset=UTF-8';
const streamOf = (...parts: Uint8Array[]) => new Response(new Blob(parts as BlobPart[])).body as ReadableStream;
const bytes = new Uint8Array([0, 1, 254, 255]);
async function* chunks() {
  yield new TextEncoder().encode('one');
  yield new TextEncoder().encode('two');
}

// name, body, its bytes on the wire, the content type that fetch gives it
const bodies: ReadonlyArray<[string, () => BodyInit, Uint8Array | string, string | null]> = [
  ['text', () => 'hällo \u{1f600}', 'hällo \u{1f600}', text],
  ['text with a lone surrogate', () => 'a\ud800b', 'a\ufffdb', text],
  ['an empty text', () => '', '', text],
  ['bytes', () => bytes, bytes, null],
  ['no bytes', () => new Uint8Array(), '', null],
  ['a Buffer', () => Buffer.from('pooled'), 'pooled', null],
  ['a DataView of part of a buffer', () => new DataView(bytes.buffer, 1, 2), bytes.subarray(1, 3), null],
  ['a Uint16Array', () => new Uint16Array([0x4241]), 'AB', null],
  ['an ArrayBuffer', () => bytes.buffer, bytes, null],
  ['an empty ArrayBuffer', () => new ArrayBuffer(0), '', null],
  [
    'URLSearchParams',
    () =>
      new URLSearchParams([
        ['a', "b c!'()*~"],
        ['a', ''],
      ]),
    'a=b+c%21%27%28%29*%7E&a=',
    pairs,
  ],
  ['empty URLSearchParams', () => new URLSearchParams(), '', pairs],
  ['a Blob', () => new Blob(['{"a":', '1}'], { type: 'Application/JSON' }), '{"a":1}', 'application/json'],
  ['a Blob without type', () => new Blob([bytes]), bytes, null],
  ['an empty Blob', () => new Blob([]), '', null],
  ['a File', () => new File([bytes], 'x', { type: 'image/png' }), bytes, 'image/png'],
  ['a stream', () => streamOf(bytes, bytes), Buffer.concat([bytes, bytes]), null],
  ['an empty stream', () => streamOf(), '', null],
  [
    "Node's Readable",
    () => Readable.from([Buffer.from('one'), Buffer.from('two')]) as unknown as BodyInit,
    'onetwo',
    null,
  ],
  ['an async generator', () => chunks() as unknown as BodyInit, 'onetwo', null],
];

describe('a body', () => {
  it.each(bodies)('that is %s is signed as it is sent', async (_, body, wire, type) => {
    const { signer, origin, outcomes, exchanges, sent } = await rig();
    const call = signedFetch(signer);
    const init = () => ({ method: 'POST', body: body(), duplex: 'half' }) as RequestInit;
    await call(origin, init());
    await call(new Request(origin, init()));
    await call(new Request(origin, { method: 'POST', body: 'replaced' }), init());
    await fetch(await signer.sign(new Request(origin, init())));
    expect(outcomes()).toEqual(['ok', 'ok', 'ok', 'ok']);
    for (const { request } of exchanges) expect(Buffer.from(request.body)).toEqual(Buffer.from(wire));
    // A content type that a Request had is kept, as fetch does.
    expect(sent('content-type')).toEqual([type, type, text, type]);
  });

  it.each(bodies)('that is %s may have a content type of its own', async (_, body, wire) => {
    const { signer, origin, outcomes, exchanges, sent } = await rig();
    const headers = { 'Content-Type': 'application/x-own' };
    const init = () => ({ method: 'PUT', body: body(), headers, duplex: 'half' }) as RequestInit;
    await signedFetch(signer)(origin, init());
    await signedFetch(signer)(new Request(origin, init()));
    expect(outcomes()).toEqual(['ok', 'ok']);
    for (const { request } of exchanges) expect(Buffer.from(request.body)).toEqual(Buffer.from(wire));
    expect(sent('content-type')).toEqual(['application/x-own', 'application/x-own']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD'])('may be absent in a %s', async (method) => {
    const { signer, origin, outcomes, sent } = await rig();
    for (const body of [undefined, null]) await signedFetch(signer)(origin, { method, ...(body === null && { body }) });
    await signedFetch(signer)(new Request(origin, { method }));
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    expect(sent('content-digest')).toEqual([null, null, null]);
  });

  it('that is a FormData is hashed with the boundary that is sent', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    await signedFetch(signer)(origin, { method: 'POST', body: form() });
    await signedFetch(signer)(new Request(origin, { method: 'POST', body: form() }));
    await fetch(await signer.sign(new Request(origin, { method: 'POST', body: form() })));
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    for (const { request } of exchanges) {
      const type = request.headers.get('content-type') ?? '';
      const sha256 = createHash('sha256').update(request.body).digest('base64');
      expect(request.headers.get('content-digest')).toBe(`sha-256=:${sha256}:`);
      const read = await new Response(request.body as BodyInit, { headers: { 'content-type': type } }).formData();
      expect(read.getAll('note')).toEqual(['line\r\nbreak "quoted" ü', '']);
      expect((read.get('file') as File).name).toBe('ü "x".bin');
    }
  });

  it('of a megabyte is signed as it is sent', async () => {
    const { signer, origin, outcomes } = await rig();
    const body = new Uint8Array(1 << 20).map((_, i) => i * i);
    await signedFetch(signer)(origin, { method: 'POST', body });
    await signedFetch(signer)(origin, { method: 'POST', body: new Blob([body]) });
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it('is not changed after it was hashed by whoever holds its bytes', async () => {
    const { signer, origin, outcomes } = await rig();
    const body = new Uint8Array(100_000);
    const call = signedFetch(signer)(origin, { method: 'POST', body });
    body.fill(1);
    await call;
    expect(outcomes()).toEqual(['ok']);
  });
});

describe('a body that cannot be signed', () => {
  const called = async (call: Fetch, body: unknown) =>
    call('http://127.0.0.1:1/', { method: 'POST', body: body as BodyInit, duplex: 'half' } as RequestInit);

  it.each([
    ['an object', { sku: 'A-1' }],
    ['an array', ['a']],
    ['a number', 1],
    ['zero', 0],
    ['false', false],
    ['a date', new Date(0)],
    ['a Map', new Map()],
    ['a symbol', Symbol('s')],
  ])('because it is %s, says so', async (_, body) => {
    const { signer } = await rig();
    await expect(called(signedFetch(signer), body)).rejects.toMatchObject({ code: 'body_parsed' });
    expect(
      () => prepareRequest(signer, { url: 'http://a.example/', body: body as unknown as BodyInit }).headers,
    ).toThrow(/serialise/);
  });

  it('because it was read before, says so, and is never taken for empty', async () => {
    const { signer } = await rig();
    const request = new Request('http://127.0.0.1:1/', { method: 'POST', body: 'b' });
    await request.text();
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'body_consumed' });
    await expect(signedFetch(signer)(request)).rejects.toMatchObject({ code: 'body_consumed' });
  });

  it('because something else is reading it, says so', async () => {
    const { signer } = await rig();
    const request = new Request('http://127.0.0.1:1/', { method: 'POST', body: 'b' });
    request.body?.getReader();
    await expect(signer.sign(request)).rejects.toMatchObject({ code: expect.stringMatching(/^body_/) });
    const stream = streamOf(bytes);
    stream.getReader();
    await expect(called(signedFetch(signer), stream)).rejects.toThrow();
  });

  it('because it is a stream above the limit, says what can be done', async () => {
    const { signer } = await rig({ signer: { maxBodyBytes: 1000 } });
    let pulled = 0;
    let cancelled = false;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(100));
        },
        cancel() {
          cancelled = true;
        },
      });
    const error = {
      code: 'body_too_large',
      message: expect.stringMatching(/1000 bytes.*maxBodyBytes.*Content-Digest/),
    };
    await expect(called(signedFetch(signer), endless())).rejects.toMatchObject(error);
    expect(pulled).toBeLessThan(20);
    expect(cancelled).toBe(true);
    const request = { method: 'POST', body: endless(), duplex: 'half' } as RequestInit;
    await expect(signer.sign(new Request('http://127.0.0.1:1/', request))).rejects.toMatchObject(error);
  });

  it('because its source fails, says so, with the cause', async () => {
    const { signer } = await rig();
    const cause = new Error('the disk is gone');
    const failing = new ReadableStream({ pull: (controller) => controller.error(cause) });
    await expect(called(signedFetch(signer), failing)).rejects.toMatchObject({ code: 'body_unreadable', cause });
  });

  it('because the call was aborted meanwhile, ends at once', async () => {
    const { signer, origin, exchanges } = await rig();
    const stuck = () => new ReadableStream({ pull: () => new Promise(() => {}) });
    for (const make of [
      (init: RequestInit) => signedFetch(signer)(origin, init),
      (init: RequestInit) => signedFetch(signer)(new Request(origin, init)),
      (init: RequestInit) => signer.sign(new Request(origin, init)),
    ]) {
      const controller = new AbortController();
      const { signal } = controller;
      const call = make({ method: 'POST', body: stuck(), duplex: 'half', signal } as RequestInit);
      setTimeout(() => controller.abort(), 20);
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    }
    expect(exchanges).toEqual([]);
  });
});
