import { type Awaitable, isPromise } from '../../core/awaitable.ts';
import { concatBytes, isBytes, readBody } from '../../core/body.ts';
import { equalInConstantTime } from '../../core/constant-time.ts';
import { nativeSha256, sha256OfBody } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import type { PresentedBody } from '../../core/scheme.ts';
import type { ReceivedRequest } from './message.ts';

/** The bytes of a body; undefined if there is none. */
export type Bytes = Uint8Array | undefined;

/** Reads a body once, however often `read` is called. */
export type BodyReader = {
  read(): Awaitable<Bytes>;
  /** The bytes, if `read` has been called; otherwise undefined. */
  taken(): Awaitable<Bytes>;
};

/**
 * @param limit in bytes.
 * @throws SignatureError `body_consumed`, `body_parsed`, `body_too_large`, `body_interrupted`, from the reader.
 */
export function createBodyReader(request: Request | ReceivedRequest, limit: number): BodyReader {
  let asked = false;
  let bytes: Awaitable<Bytes>;
  return {
    read() {
      if (!asked) {
        bytes = bodyOf(request, limit);
        asked = true;
      }
      return bytes;
    },
    taken: () => bytes,
  };
}

function bodyOf(request: Request | ReceivedRequest, limit: number): Awaitable<Bytes> {
  const { body } = request;
  if ('bodyUsed' in request && request.bodyUsed) consumed('The body was read before it was verified.');
  if (body === null || body === undefined) return undefined;
  if (Number(request.headers.get('content-length')) > limit) tooLarge(limit);
  if (isBytes(body)) return body.length > limit ? tooLarge(limit) : body;
  if (!isStream(body))
    fail('body_parsed', 'The body was parsed before it was verified. Pass the bytes as received.', 500);
  if (isTaken(body)) consumed(taken);
  if ('arrayBuffer' in request) return whole(readBody(request, limit), limit);
  markRead(body);
  return whole(readStream(body, limit), limit);
}

const taken = 'The body is being read, or has been read.';

type Stream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const isStream = (body: unknown): body is Stream =>
  typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);

// On the stream itself: an entry of a WeakMap for each request is expensive for the garbage collector.
const readKey: unique symbol = Symbol('countersign body read');

/** Marks a stream as read: a generator does not show it. A frozen one gets no mark. */
const markRead = (body: Stream): void => void Reflect.set(body, readKey, true);

// A stream that was already read yields no bytes. It must not be mistaken for an empty body.
const isTaken = (body: Stream): boolean =>
  readKey in body || ('getReader' in body ? body.locked : 'readableDidRead' in body && body.readableDidRead === true);

const readStream = (body: Stream, limit: number): Promise<Bytes> =>
  'getReader' in body
    ? readBody(responseWith(body as ReadableStream<BufferSource & Uint8Array>), limit)
    : readChunks(body, limit);

/** A stream that was read and released again is not locked, and only `Response` refuses it. */
function responseWith(body: ReadableStream<BufferSource & Uint8Array>): Response {
  try {
    return new Response(body);
  } catch {
    return consumed(taken);
  }
}

/** Like `readBody`, for a stream: the bytes, or undefined if there are more than `limit`. */
async function readChunks(source: AsyncIterable<Uint8Array>, limit: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    // `concatBytes` would turn a string into zeros.
    if (!isBytes(chunk)) throw new TypeError('The stream must yield Uint8Arrays.');
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

async function whole(read: Promise<Bytes>, limit: number): Promise<Uint8Array> {
  const bytes = await read.catch((cause) => fail('body_interrupted', 'The body ended early.', 400, cause));
  return bytes ?? tooLarge(limit);
}

const consumed = (found: string): never => fail('body_consumed', `${found} Verify first, parse later.`, 500);

const tooLarge = (limit: number): never =>
  fail('body_too_large', `The body is larger than ${limit} bytes, the limit of this server.`, 413);

/**
 * Bodies that were read for requests that were then refused. Held weakly, by the stream, or by the `Request`: they live no longer than
 * it.
 */
const bodiesKept = new WeakMap<object, Uint8Array>();

const ownerOf = (request: Request | ReceivedRequest): object =>
  ('arrayBuffer' in request ? request : request.body) ?? request;

/** Keeps what was read of a refused request, so that the refusal can be explained. */
export async function keepBody(request: Request | ReceivedRequest, reader: BodyReader | undefined): Promise<void> {
  try {
    const bytes = await reader?.taken();
    if (bytes) bodiesKept.set(ownerOf(request), bytes);
  } catch {
    // A body that could not be read, or is too large, is the reason of the refusal.
  }
}

/** Returns the body that a verifier read of this request before it refused it; undefined if it read none. */
export const keptBody = (request: Request | ReceivedRequest): Bytes => bodiesKept.get(ownerOf(request));

/** Which bodies may be unsigned, and which are not read. */
export type BodyRules = {
  readonly unsignedPayload: boolean;
  /** True if the finding `body-unsigned` is accepted. */
  readonly uncovered: boolean;
  /** True if a body with a signed digest is not read here: the caller of the verifier checks it. */
  readonly deferred: boolean;
};

/** The expected body, if it was not read and therefore not checked. */
export type ExpectedBody = {
  /** The signed SHA-256; undefined if there must be no body. */
  readonly sha256: Uint8Array | undefined;
};

/** The result of checking a body. */
export type VerifiedBody = {
  /** The signed bytes, if they were read. */
  readonly bytes?: Bytes;
  readonly unread?: ExpectedBody | undefined;
  /** All bytes that were read, signed or not: another scheme may have needed them. */
  readonly carried: Bytes;
};

/**
 * Reads the body and compares it with the signed digest or bytes, unless the rules exempt it.
 *
 * @throws SignatureError `unsigned_body`, `missing_body_digest`, `body_digest_mismatch`, and errors of {@link createBodyReader}.
 */
export async function checkBody(body: BodyReader, signed: PresentedBody, rules: BodyRules): Promise<VerifiedBody> {
  const expected = expectedOf(signed);
  if (isLeftOut(signed, rules)) return { carried: await body.taken() };
  if (rules.deferred && expected) return { unread: expected, carried: await body.taken() };
  const read = body.read();
  const bytes = isPromise(read) ? await read : read;
  const length = bytes?.length ?? 0;
  if (expected) {
    const digest = expected.sha256 && sha256OfReceived(bytes ?? new Uint8Array());
    checkBodyDigest(expected, { length, sha256: isPromise(digest) ? await digest : digest });
  } else if (signed.kind === 'bytes' && !(await signed.matches(bytes ?? new Uint8Array()))) mismatch(length);
  return { bytes, carried: bytes };
}

function isLeftOut({ kind }: PresentedBody, { unsignedPayload, uncovered }: BodyRules): boolean {
  if (kind !== 'unsigned' && kind !== 'uncovered') return false;
  if (!(kind === 'unsigned' ? unsignedPayload : uncovered)) {
    fail('unsigned_body', 'The body is not signed, which this server does not accept.', 401);
  }
  return true;
}

function expectedOf(signed: PresentedBody): ExpectedBody | undefined {
  if (signed.kind === 'none') return { sha256: undefined };
  if (signed.kind !== 'digest') return undefined;
  return signed.sha256.length === 32
    ? { sha256: signed.sha256 }
    : fail('body_digest_mismatch', 'The signed digest does not have the 32 bytes of a SHA-256.', 401);
}

// Up to this size, in bytes, Node's synchronous hash takes about 150 microseconds: less than a WebCrypto thread needs to start.
const small = 262_144;

/** SHA-256 of a body on a server. Larger bodies are hashed by WebCrypto, in another thread. */
export const sha256OfReceived = (bytes: Uint8Array): Awaitable<Uint8Array> =>
  (bytes.length <= small ? nativeSha256() : undefined)?.(bytes) ?? sha256OfBody(bytes);

/** A received body. */
export type ReceivedBody = {
  /** In bytes. */
  readonly length: number;
  /** Not needed if there must be no body. */
  readonly sha256?: Uint8Array | undefined;
};

/**
 * Checks a body against its signed digest. Use it for a body that the verifier deferred.
 *
 * @throws SignatureError `missing_body_digest`, `body_digest_mismatch`
 * @example
 * import { checkBodyDigest } from 'countersign/server';
 *
 * const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([1, 2, 3])));
 * checkBodyDigest({ sha256 }, { length: 3, sha256 });
 */
export function checkBodyDigest(signed: ExpectedBody, { length, sha256 }: ReceivedBody): void {
  if (!signed.sha256) {
    if (length) fail('missing_body_digest', 'There is a body, but no signed digest of it.', 401);
  } else if (!sha256 || !equalInConstantTime(signed.sha256, sha256)) mismatch(length);
}

const mismatch = (length: number): never =>
  fail('body_digest_mismatch', `The received body (${length} bytes) is not the signed one.`, 401);
