import { joined, readBody } from '../core/body.ts';
import { fail } from '../core/errors.ts';
import type { Eventual } from '../core/eventual.ts';
import type { ReceivedRequest } from './received.ts';

/** The bytes of a body; undefined where there is none. */
export type Bytes = Uint8Array | undefined;

/** Reads a body, however often it is asked for, once. */
export type BodyReader = {
  read(): Eventual<Bytes>;
  /** What has been read of it, if anything has asked. */
  taken(): Eventual<Bytes>;
};

/**
 * @param limit in bytes.
 * @throws SignatureError (what is returned) `body_consumed`, `body_parsed`, `body_too_large`, `body_interrupted`
 */
export function bodyReader(request: Request | ReceivedRequest, limit: number): BodyReader {
  let asked = false;
  let bytes: Eventual<Bytes>;
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

function bodyOf(request: Request | ReceivedRequest, limit: number): Eventual<Bytes> {
  const { body } = request;
  if ('bodyUsed' in request && request.bodyUsed) consumed('Something has read the body before it was verified.');
  if (body === null || body === undefined) return undefined;
  if (Number(request.headers.get('content-length')) > limit) tooLarge(limit);
  if (body instanceof Uint8Array) return body.length > limit ? tooLarge(limit) : body;
  if (!isStream(body))
    fail('body_parsed', 'The body was parsed before it was verified. Hand in the bytes as received.', 500);
  if (isTaken(body)) consumed('Something is reading the body, or has read it.');
  return whole('arrayBuffer' in request ? readBody(request, limit) : readStream(body, limit), limit);
}

type Stream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const isStream = (body: unknown): body is Stream =>
  typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);

// A stream of Node's that has been read gives nothing, which must not be taken for an empty body.
const isTaken = (body: Stream): boolean =>
  'getReader' in body ? body.locked : 'readableDidRead' in body && body.readableDidRead === true;

const readStream = (body: Stream, limit: number): Promise<Bytes> =>
  'getReader' in body
    ? readBody(new Response(body as ReadableStream<BufferSource & Uint8Array>), limit)
    : readChunks(body, limit);

/** As `readBody` of a stream: the bytes, or undefined where there are more than the limit. */
async function readChunks(source: AsyncIterable<Uint8Array>, limit: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    // A text would be read as zeros.
    if (!(chunk instanceof Uint8Array)) throw new TypeError('The stream holds other than bytes.');
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return joined(chunks);
}

async function whole(read: Promise<Bytes>, limit: number): Promise<Uint8Array> {
  const bytes = await read.catch((cause) => fail('body_interrupted', 'The body ended early.', 400, cause));
  return bytes ?? tooLarge(limit);
}

const consumed = (found: string): never => fail('body_consumed', `${found} Verify first, parse later.`, 500);

const tooLarge = (limit: number): never =>
  fail('body_too_large', `The body has more than the ${limit} bytes accepted here.`, 413);
