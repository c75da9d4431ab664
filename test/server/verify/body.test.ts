import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { PresentedBody } from '../../../src/core/scheme.ts';
import {
  type BodyRules,
  checkBody,
  checkBodyDigest,
  createBodyReader,
  keepBody,
  keptBody,
  sha256OfReceived,
} from '../../../src/server/verify/body.ts';
import type { ReceivedRequest } from '../../../src/server/verify/message.ts';
import { errorText } from './error-text.ts';

const bytes = new TextEncoder().encode('{"items":3}');
const digestOf = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest());

const request = (body: unknown, parts: Partial<ReceivedRequest> = {}): ReceivedRequest =>
  ({
    method: 'POST',
    authority: 'api.example.com',
    target: '/',
    headers: new Headers(),
    body,
    ...parts,
  }) as ReceivedRequest;

/** The bytes as text, or code and text of the error. */
async function readingOf(given: ReceivedRequest | Request, limit = 100): Promise<string> {
  return outcomeOf(async () => {
    const read = await createBodyReader(given, limit).read();
    return read ? new TextDecoder().decode(read) : 'nothing';
  });
}

async function outcomeOf(run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (error) {
    return errorText(error);
  }
}

const readBefore = '500 body_consumed: The body was read before it was verified. Verify first, parse later.';
const beingRead = '500 body_consumed: The body is being read, or has been read. Verify first, parse later.';
const parsed = '500 body_parsed: The body was parsed before it was verified. Pass the bytes as received.';
const tooLarge = '413 body_too_large: The body is larger than 10 bytes, the limit of this server.';

describe('a body', () => {
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'nothing'],
    ['null', null, 'nothing'],
    ['bytes', bytes, '{"items":3}'],
    ['a web stream', new Blob([bytes]).stream(), '{"items":3}'],
    ['a stream of Node', Readable.from([bytes]), '{"items":3}'],
    ['an object', { items: 3 }, parsed],
    ['text', '{"items":3}', parsed],
    ['a function', () => bytes, parsed],
  ])('that is %s', async (_, body, outcome) => {
    expect(await readingOf(request(body))).toBe(outcome);
  });

  it('of a Request', async () => {
    const given = new Request('https://api.example.com/', { method: 'POST', body: bytes });
    expect(await readingOf(given)).toBe('{"items":3}');
    expect(await readingOf(given)).toBe(readBefore);
    expect(await readingOf(new Request('https://api.example.com/'))).toBe('nothing');
  });

  it('that was read before is refused', async () => {
    expect(await readingOf(request(undefined, { bodyUsed: true }))).toBe(readBefore);
    expect(await readingOf(request(bytes, { bodyUsed: false }))).toBe('{"items":3}');
    const locked = new Blob([bytes]).stream();
    locked.getReader();
    expect(await readingOf(request(locked))).toBe(beingRead);
    const released = new Blob([bytes]).stream();
    const reader = released.getReader();
    await reader.read();
    reader.releaseLock();
    expect(await readingOf(request(released))).toBe(beingRead);
    const node = Readable.from([bytes]);
    for await (const _ of node);
    expect(await readingOf(request(node))).toBe(beingRead);
    const once = request(Readable.from([bytes]));
    expect([await readingOf(once), await readingOf(once)]).toEqual(['{"items":3}', beingRead]);
    async function* generate() {
      yield bytes;
    }
    const generated = request(generate());
    expect([await readingOf(generated), await readingOf(generated)]).toEqual(['{"items":3}', beingRead]);
  });

  it('above the limit is refused, by its length before it is read', async () => {
    for (const body of [bytes, new Blob([bytes]).stream(), Readable.from([bytes])]) {
      expect(await readingOf(request(body), 10)).toBe(tooLarge);
    }
    const headers = new Headers({ 'content-length': '11' });
    for (const body of [bytes, new Blob([bytes]).stream(), Readable.from([bytes])]) {
      expect(await readingOf(request(body, { headers }), 11)).toBe('{"items":3}');
    }
    const unread = new Blob([bytes]).stream();
    expect(await readingOf(request(unread, { headers: new Headers({ 'content-length': '11' }) }), 10)).toBe(tooLarge);
    expect(unread.locked).toBe(false);
    const given = new Request('https://api.example.com/', { method: 'POST', body: bytes });
    expect(await readingOf(given, 10)).toBe(tooLarge);
  });

  it('that ends early, or has chunks that are no bytes, is refused', async () => {
    async function* broken() {
      yield bytes;
      throw new Error('reset');
    }
    expect(await readingOf(request(broken()))).toBe('400 body_interrupted: The body ended early.');
    async function* ofText() {
      yield 'text';
    }
    await expect((async () => createBodyReader(request(ofText()), 100).read())()).rejects.toMatchObject({
      code: 'body_interrupted',
      cause: { message: 'The stream must yield Uint8Arrays.' },
    });
  });

  it('is read once, and is taken only when it was read', async () => {
    const reader = createBodyReader(request(Readable.from([bytes])), 100);
    expect(reader.taken()).toBeUndefined();
    const read = reader.read();
    expect(reader.read()).toBe(read);
    expect(reader.taken()).toBe(read);
    expect(await read).toEqual(bytes);
  });
});

describe('the body of a refused request', () => {
  it('is kept for its explanation, by the stream or by the Request', async () => {
    const received = request(Readable.from([bytes]));
    const web = new Request('https://api.example.com/', { method: 'POST', body: bytes });
    const whole = request(bytes);
    for (const one of [received, web, whole]) {
      const reader = createBodyReader(one, 100);
      await reader.read();
      await keepBody(one, reader);
      expect(keptBody(one)).toEqual(bytes);
    }
    expect(keptBody({ ...received })).toEqual(bytes);
  });

  it('is not kept where none was read, or where it cannot be', async () => {
    const unread = request(Readable.from([bytes]));
    await keepBody(unread, createBodyReader(unread, 100));
    await keepBody(unread, undefined);
    expect(keptBody(unread)).toBeUndefined();
    const large = request(Readable.from([bytes]));
    const reader = createBodyReader(large, 10);
    await (async () => reader.read())().catch(() => undefined);
    await keepBody(large, reader);
    expect(keptBody(large)).toBeUndefined();
    const none = request(undefined);
    const empty = createBodyReader(none, 10);
    await empty.read();
    await keepBody(none, empty);
    expect(keptBody(none)).toBeUndefined();
  });
});

describe('the check of a body', () => {
  const sha256 = digestOf(bytes);
  const strict: BodyRules = { unsignedPayload: false, uncovered: false, deferred: false };
  const check = (body: unknown, signed: PresentedBody, rules: Partial<BodyRules> = {}) =>
    checkBody(createBodyReader(request(body), 100), signed, { ...strict, ...rules });
  const outcome = (...given: Parameters<typeof check>) => outcomeOf(async () => JSON.stringify(await check(...given)));

  it('gives the bytes that are signed', async () => {
    expect(await check(bytes, { kind: 'digest', sha256 })).toEqual({ bytes, carried: bytes });
    expect(await check(Readable.from([bytes]), { kind: 'digest', sha256 })).toEqual({ bytes, carried: bytes });
    expect(await check(undefined, { kind: 'none' })).toEqual({ bytes: undefined, carried: undefined });
    expect(await check(undefined, { kind: 'digest', sha256: digestOf(new Uint8Array()) })).toMatchObject({
      carried: undefined,
    });
    const matches = async (body: Uint8Array) => body.length === bytes.length;
    expect(await check(bytes, { kind: 'bytes', matches })).toEqual({ bytes, carried: bytes });
  });

  it('refuses others', async () => {
    const mismatch = '401 body_digest_mismatch: The received body (11 bytes) is not the signed one.';
    expect(await outcome(bytes, { kind: 'digest', sha256: digestOf(new Uint8Array()) })).toBe(mismatch);
    expect(await outcome(bytes, { kind: 'bytes', matches: () => false })).toBe(mismatch);
    expect(await outcome(bytes, { kind: 'none' })).toBe(
      '401 missing_body_digest: There is a body, but no signed digest of it.',
    );
    expect(await outcome(bytes, { kind: 'digest', sha256: sha256.subarray(1) })).toBe(
      '401 body_digest_mismatch: The signed digest does not have the 32 bytes of a SHA-256.',
    );
    const seen: number[] = [];
    await outcome(undefined, { kind: 'bytes', matches: (body) => seen.push(body.length) > 0 });
    expect(seen).toEqual([0]);
  });

  const unsigned = '401 unsigned_body: The body is not signed, which this server does not accept.';
  it.each<[PresentedBody['kind'], Partial<BodyRules>, string]>([
    ['unsigned', {}, unsigned],
    ['unsigned', { uncovered: true }, unsigned],
    ['unsigned', { unsignedPayload: true }, '{}'],
    ['uncovered', {}, unsigned],
    ['uncovered', { unsignedPayload: true }, unsigned],
    ['uncovered', { uncovered: true }, '{}'],
  ])('of the kind %s with %o', async (kind, rules, expected) => {
    expect(await outcome(bytes, { kind } as PresentedBody, rules)).toBe(expected);
  });

  it('leaves a body alone where it is deferred, unless its bytes are signed', async () => {
    const stream = Readable.from([bytes]);
    expect(await check(stream, { kind: 'digest', sha256 }, { deferred: true })).toEqual({ unread: { sha256 } });
    expect(await check(stream, { kind: 'none' }, { deferred: true })).toEqual({ unread: { sha256: undefined } });
    expect(stream.readableDidRead).toBe(false);
    const signed = { kind: 'bytes', matches: () => true } as const;
    expect(await check(stream, signed, { deferred: true })).toEqual({ bytes, carried: bytes });
  });

  it('carries what another scheme has read', async () => {
    const reader = createBodyReader(request(bytes), 100);
    await reader.read();
    const deferred = { ...strict, deferred: true };
    expect(await checkBody(reader, { kind: 'digest', sha256 }, deferred)).toEqual({
      unread: { sha256 },
      carried: bytes,
    });
    const rules = { ...strict, uncovered: true };
    expect(await checkBody(reader, { kind: 'uncovered' }, rules)).toEqual({ carried: bytes });
  });
});

describe('a digest', () => {
  it.each([0, 1, 262_144, 262_145])('of %d bytes is their SHA-256', async (length) => {
    const data = new Uint8Array(length).fill(7);
    expect(Buffer.from(await sha256OfReceived(data)).toString('hex')).toBe(Buffer.from(digestOf(data)).toString('hex'));
  });

  it('of a small body needs no other thread, and of a large one does', () => {
    expect(sha256OfReceived(new Uint8Array(262_144))).toBeInstanceOf(Uint8Array);
    expect(sha256OfReceived(new Uint8Array(262_145))).toBeInstanceOf(Promise);
  });

  it('must be that of the body', () => {
    const sha256 = digestOf(bytes);
    checkBodyDigest({ sha256 }, { length: 11, sha256 });
    checkBodyDigest({ sha256: undefined }, { length: 0 });
    for (const wrong of [undefined, digestOf(new Uint8Array())]) {
      expect(() => checkBodyDigest({ sha256 }, { length: 11, sha256: wrong })).toThrow('The received body (11 bytes)');
    }
    expect(() => checkBodyDigest({ sha256: undefined }, { length: 1 })).toThrow('There is a body');
  });
});
