import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { allowUnsignedPayload, createSigner } from 'countersign';
import type { ReceivedRequest } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, outcomeOf, received, refusal, rig, signedParts, url } from './rig.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A stream that counts what is taken out of it. */
function counted(chunk: Uint8Array, chunks: number) {
  const seen = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.pulled === chunks) return controller.close();
        seen.pulled += 1;
        controller.enqueue(chunk);
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

/** As a stream of Node's, which can be iterated and has no reader. */
async function* iterated(...chunks: unknown[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield (typeof chunk === 'function' ? chunk() : chunk) as Uint8Array;
}

const post = (headers: HeadersInit, body: BodyInit | null) =>
  new Request(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);

describe('a body above the limit', () => {
  it.each([
    [99, 'ok'],
    [100, 'ok'],
    [101, 'body_too_large'],
  ])('of 100 bytes: %i are %s, however they come', async (size, code) => {
    const body = new Uint8Array(size).fill(65);
    const { signer, verifier } = rig({ maxBodyBytes: 100 });
    const sign = () => signedParts(signer, { method: 'POST', body });
    expect(await judge(verifier, sign())).toBe(code);
    expect(await judge(verifier, { ...sign(), body: streamOf(body.subarray(0, 60), body.subarray(60)) })).toBe(code);
    expect(await judge(verifier, { ...sign(), body: iterated(body.subarray(0, 60), body.subarray(60)) })).toBe(code);
    const { headers } = sign();
    expect(outcomeOf(await verifier.verify(post(headers, body)))).toBe(code);
    const again = { ...sign().headers, 'content-length': String(size) };
    expect(outcomeOf(await verifier.verify(post(again, streamOf(body))))).toBe(code);
  });

  it('is answered with 413, and no more of it is read than needed', async () => {
    const { signer, verifier } = rig({ maxBodyBytes: 1000 });
    const { stream, seen } = counted(new Uint8Array(400), 1_000_000);
    const parts = { ...signedParts(signer, { method: 'POST', body: 'something else' }), body: stream };
    const { error, response } = refusal(await verifier.verify(received(parts)));
    expect([error.code, response.status]).toEqual(['body_too_large', 413]);
    expect(JSON.parse(response.body)).toMatchObject({ title: 'Content Too Large', code: 'body_too_large' });
    expect(seen).toEqual({ pulled: 3, cancelled: true });
  });

  it('is not asked for more of, where it is iterated', async () => {
    const { signer, verifier } = rig({ maxBodyBytes: 1000 });
    let pulled = 0;
    let ended = false;
    async function* endless() {
      try {
        for (;;) {
          pulled++;
          yield new Uint8Array(400);
        }
      } finally {
        ended = true;
      }
    }
    const parts = { ...signedParts(signer, { method: 'POST', body: 'something else' }), body: endless() };
    expect(await judge(verifier, parts)).toBe('body_too_large');
    expect([pulled, ended]).toEqual([3, true]);
  });

  it('is not read at all where Content-Length tells', async () => {
    const { signer, verifier } = rig({ maxBodyBytes: 1000 });
    const { stream, seen } = counted(new Uint8Array(400), 10);
    const parts = signedParts(signer, { method: 'POST', body: 'something else' });
    const declared = { ...parts, headers: { ...parts.headers, 'content-length': '1001' }, body: stream };
    expect(await judge(verifier, declared)).toBe('body_too_large');
    expect(seen.pulled).toBe(0);
  });

  it.each(['NaN', '-1', '1e9', '5', 'Infinity', '0x10', '9'.repeat(400), '5, 5'])(
    'gets nowhere with Content-Length %s',
    async (length) => {
      const { signer, verifier } = rig({ maxBodyBytes: 1000 });
      const body = new Uint8Array(2000);
      const parts = signedParts(signer, { method: 'POST', body });
      const lying = { ...parts, headers: { ...parts.headers, 'content-length': length }, body: streamOf(body) };
      expect(await judge(verifier, lying)).toBe('body_too_large');
    },
  );

  it('is not read of a caller who has proved nothing', async () => {
    const { signer, verifier } = rig();
    const { stream, seen } = counted(new Uint8Array(400), 10);
    const parts = { ...signedParts(signer, { method: 'POST', body: 'x' }), body: stream };
    const forged = { ...parts, headers: { ...parts.headers, 'x-api-signature': `v1=${'0'.repeat(64)}` } };
    expect(await judge(verifier, forged)).toBe('signature_mismatch');
    expect(seen.pulled).toBe(0);
  });

  it('may be zero: then only empty bodies pass', async () => {
    const { signer, verifier } = rig({ maxBodyBytes: 0 });
    expect(await judge(verifier, signedParts(signer, { method: 'POST', body: 'x' }))).toBe('body_too_large');
    expect(await judge(verifier, signedParts(signer, { method: 'POST', body: '' }))).toBe('ok');
  });
});

describe('a body that is no longer what came', () => {
  it.each<[string, unknown, string]>([
    ['an object', { sku: 'A-1' }, 'body_parsed'],
    ['a text', '{"sku":"A-1"}', 'body_parsed'],
    ['a number', 5, 'body_parsed'],
    ['false', false, 'body_parsed'],
    ['an array', [1, 2], 'body_parsed'],
    ['a Map', new Map(), 'body_parsed'],
    ['URLSearchParams', new URLSearchParams('a=b'), 'body_parsed'],
    ['a Blob', new Blob(['{"sku":"A-1"}']), 'body_parsed'],
  ])('%s is told at once, as the server’s own fault', async (_, body, code) => {
    const { signer, verifier, claimed } = rig();
    const parts = signedParts(signer, { method: 'POST', body: '{"sku":"A-1"}' });
    const request = { ...received(parts), body } as unknown as ReceivedRequest;
    const { error, response } = refusal(await verifier.verify(request));
    expect([error.code, response.status]).toEqual([code, 500]);
    expect(error.message).toMatch(/as received/);
    expect(claimed).toEqual([]);
  });

  it('has been read: body_consumed, and never taken for empty', async () => {
    const { signer, verifier } = rig();
    for (const body of ['{"sku":"A-1"}', '']) {
      const request = await signer.sign(post({}, body));
      await request.text();
      expect(outcomeOf(await verifier.verify(request))).toBe('body_consumed');
    }
  });

  it('is a stream of Node’s that has been read: body_consumed, and never taken for empty', async () => {
    const { signer, verifier } = rig();
    for (const body of ['{"sku":"A-1"}', '']) {
      const stream = Readable.from([Buffer.from('{"role":"admin"}')]);
      await text(stream);
      const { body: signed, ...parts } = signedParts(signer, { method: 'POST', ...(body && { body }) });
      expect(await judge(verifier, { ...parts, body: stream })).toBe('body_consumed');
    }
  });

  it.each([
    ['texts', iterated('{"sku":', '"A-1"}')],
    ['objects', iterated({ sku: 'A-1' })],
    ['a failure', iterated(() => Promise.reject(new Error('ECONNRESET at 10.0.0.7')))],
  ])('iterates to %s: body_interrupted', async (_, body) => {
    const { signer, verifier, claimed } = rig();
    const parts = signedParts(signer, { method: 'POST', body: '{"sku":"A-1"}' });
    const { error, response } = refusal(await verifier.verify(received({ ...parts, body })));
    expect([error.code, response.status]).toEqual(['body_interrupted', 400]);
    expect(response.body).not.toContain('10.0.0.7');
    expect(claimed).toEqual([]);
  });

  it('is being read: body_consumed', async () => {
    const { signer, verifier } = rig();
    const request = await signer.sign(post({}, 'body'));
    request.body?.getReader();
    expect(outcomeOf(await verifier.verify(request))).toBe('body_consumed');
    const stream = streamOf(bytesOf('body'));
    stream.getReader();
    const parts = { ...signedParts(signer, { method: 'POST', body: 'body' }), body: stream };
    expect(await judge(verifier, parts)).toBe('body_consumed');
  });

  it('ends early: body_interrupted, and the nonce is not spent', async () => {
    const { signer, verifier, claimed } = rig();
    const parts = signedParts(signer, { method: 'POST', body: 'body' });
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('ECONNRESET at 10.0.0.7'));
      },
    });
    const { error, response } = refusal(await verifier.verify(received({ ...parts, body: broken })));
    expect([error.code, response.status]).toEqual(['body_interrupted', 400]);
    expect(response.body).not.toContain('10.0.0.7');
    expect(claimed).toEqual([]);
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it('is cut short without an error: body_digest_mismatch', async () => {
    const { signer, verifier } = rig();
    const parts = { ...signedParts(signer, { method: 'POST', body: 'body' }), body: streamOf(bytesOf('bod')) };
    expect(await judge(verifier, parts)).toBe('body_digest_mismatch');
  });

  it('is missing: body_digest_mismatch', async () => {
    const { signer, verifier } = rig();
    const { body, ...parts } = signedParts(signer, { method: 'POST', body: 'body' });
    expect(body).toBeDefined();
    expect(await judge(verifier, parts)).toBe('body_digest_mismatch');
    expect(
      outcomeOf(await verifier.verify(post(signedParts(signer, { method: 'POST', body: 'b' }).headers, null))),
    ).toBe('body_digest_mismatch');
  });

  it('was put into a request that had none: missing_body_digest', async () => {
    const { signer, verifier } = rig();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const parts = signedParts(signer, { method });
      expect(await judge(verifier, { ...parts, body: bytesOf('x') })).toBe('missing_body_digest');
      expect(await judge(verifier, { ...parts, body: streamOf(bytesOf(''), bytesOf('x')) })).toBe(
        'missing_body_digest',
      );
      expect(await judge(verifier, parts)).toBe('ok');
    }
  });
});

describe('a body that is not signed', () => {
  const unsigned = () => {
    const made = rig();
    const { accessKey, secret } = made;
    const signer = createSigner({ accessKey, secret, clock: () => made.time.now, [allowUnsignedPayload]: true });
    return { ...made, signer };
  };

  it('is refused unless the verifier was given the symbol', async () => {
    const { signer, verifier, claimed } = unsigned();
    const request = await signer.sign(post({}, streamOf(bytesOf('body'))));
    expect(request.headers.get('x-api-payload')).toBe('unsigned');
    expect(outcomeOf(await verifier.verify(request))).toBe('unsigned_body');
    expect(claimed).toEqual([]);
  });

  it.each([
    ['a symbol of the same name', { [Symbol('allowUnsignedPayload')]: true }],
    ['a registered symbol', { [Symbol.for('allowUnsignedPayload')]: true }],
    ['a truthy value', { [allowUnsignedPayload]: 1 as unknown as true }],
  ])('is not switched on by %s', async (_, option) => {
    const { signer } = unsigned();
    const { verifier, accessKey, secret } = rig(option);
    const other = createSigner({ accessKey, secret, clock: () => noon, [allowUnsignedPayload]: true });
    expect(signer.unsignedPayload).toBe(true);
    const request = await other.sign(post({}, streamOf(bytesOf('body'))));
    expect(outcomeOf(await verifier.verify(request))).toBe('unsigned_body');
  });

  it.each([{ allowUnsignedPayload: true }, JSON.parse('{"Symbol(allowUnsignedPayload)":true}')])(
    'is not switched on by %j, which is no option',
    (option) => {
      expect(() => rig(option)).toThrow(/has no option/);
    },
  );

  it('is left unread with the symbol, and handed on', async () => {
    const { verifier, accessKey, secret, time } = rig({ [allowUnsignedPayload]: true });
    const signer = createSigner({ accessKey, secret, clock: () => time.now, [allowUnsignedPayload]: true });
    const { stream, seen } = counted(bytesOf('part '), 3);
    const request = await signer.sign(post({}, stream));
    const result = await verifier.verify(request);
    if (!result.ok) throw result.error;
    expect(result.body).toBeUndefined();
    expect(result.request).toBe(request);
    expect(seen.pulled).toBe(0);
    expect(await result.request.text()).toBe('part part part ');
  });

  it('does not make a signed body unsigned: the word is signed too', async () => {
    const { verifier, signer } = rig({ [allowUnsignedPayload]: true });
    const parts = signedParts(signer, { method: 'POST', body: 'body' });
    const { 'content-digest': digest, ...headers } = parts.headers;
    expect(digest).toBeDefined();
    const downgraded = { ...headers, 'x-api-payload': 'unsigned' };
    expect(await judge(verifier, { ...parts, headers: downgraded })).toBe('signature_mismatch');
    const both = { ...parts.headers, 'x-api-payload': 'unsigned' };
    expect(await judge(verifier, { ...parts, headers: both })).toBe('malformed_field');
  });
});

describe('after it was verified', () => {
  it.each([
    ['a text', 'body'],
    ['bytes', new Uint8Array([0, 255, 13, 10])],
    ['more than WebCrypto takes over at', 'x'.repeat(10_000)],
    ['nothing', ''],
  ])('%s can be read by the handler, as bytes and from the request', async (_, body) => {
    const { signer, verifier } = rig();
    const expected = typeof body === 'string' ? bytesOf(body) : body;
    const whole = await verifier.verify(await signer.sign(post({}, body)));
    if (!whole.ok) throw whole.error;
    expect(new Uint8Array(await whole.request.arrayBuffer())).toEqual(expected);
    expect(whole.body ?? new Uint8Array()).toEqual(expected);
    const parts = { ...signedParts(signer, { method: 'POST', body }), body: streamOf(expected) };
    const streamed = await verifier.verify(received(parts));
    if (!streamed.ok) throw streamed.error;
    expect(streamed.request.body).toEqual(expected);
  });

  it('a stream that turns out empty can be read as empty', async () => {
    const { signer, verifier } = rig();
    const result = await verifier.verify(post(signedParts(signer, { method: 'POST' }).headers, streamOf()));
    if (!result.ok) throw result.error;
    expect(await result.request.text()).toBe('');
  });

  it('a request keeps its address, method, headers and signal', async () => {
    const { signer, verifier } = rig();
    const abort = new AbortController();
    const request = new Request(url, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-other': 'é' },
      signal: abort.signal,
    });
    const result = await verifier.verify(await signer.sign(request));
    if (!result.ok) throw result.error;
    expect(result.request).toMatchObject({ url, method: 'PUT' });
    expect(result.request.headers.get('content-type')).toBe('application/json');
    expect(result.request.headers.get('x-other')).toBe('é');
    abort.abort();
    expect(result.request.signal.aborted).toBe(true);
    expect(await result.request.json()).toEqual({});
  });

  it('a GET is the very request that came, with nothing read of it', async () => {
    const { signer, verifier } = rig();
    const request = await signer.sign(new Request(url));
    const read: string[] = [];
    const watched = new Proxy(request, {
      get(target, name) {
        read.push(String(name));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const result = await verifier.verify(watched);
    if (!result.ok) throw result.error;
    expect(result.request).toBe(watched);
    expect(result.body).toBeUndefined();
    expect(read.filter((name) => /arrayBuffer|clone|text|json|bytes/.test(name))).toEqual([]);
  });
});
