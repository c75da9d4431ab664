import { Buffer } from 'node:buffer';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { isBytes } from '../core/body.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verified } from '../server/verify/result.ts';
import { setHeaders } from './head.ts';

/** Buffers a response until it is complete, then signs and sends it. */
export function bufferResponse(response: ServerResponse, countersign: Verified<ReceivedRequest>['countersign']): void {
  const { end, write, writeHead, flushHeaders } = response;
  const chunks: Uint8Array[] = [];
  let ended = false;
  const keep = (chunk: unknown, encoding: unknown): void => {
    // Copied, because the writer may reuse its buffer for the next chunk.
    if (isBytes(chunk)) chunks.push(Uint8Array.from(chunk));
    if (typeof chunk === 'string') {
      chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'));
    }
  };
  const send = async (done: Done): Promise<void> => {
    const body = Buffer.concat(chunks);
    const added = await signatureOf(response, { body, countersign }).catch(() => undefined);
    Object.assign(response, { end, write, writeHead, flushHeaders });
    try {
      if (added) return sendSigned(response, { body, added, done });
    } catch {
      // Node refuses some reason phrases, and repeated fields in HTTP/2. The handler that set them has returned already.
    }
    sendFailure(response, done);
  };
  Object.assign(response, {
    flushHeaders() {},
    writeHead(status: number, ...rest: readonly unknown[]) {
      response.statusCode = status;
      for (const one of rest) {
        if (typeof one === 'string') response.statusMessage = one;
        else setHeaders(response, one);
      }
      return response;
    },
    write(chunk: unknown, ...rest: readonly unknown[]) {
      keep(chunk, rest[0]);
      const written = rest.find((one) => typeof one === 'function');
      if (written) queueMicrotask(written as () => void);
      return true;
    },
    end(...given: readonly unknown[]) {
      if (ended) return response;
      ended = true;
      keep(given[0], given[1]);
      send(given.find((one) => typeof one === 'function') as Done);
      return response;
    },
  });
}

type Done = (() => void) | undefined;

type Signed = {
  readonly body: Uint8Array;
  readonly added: ReadonlyMap<string, string | undefined>;
  readonly done: Done;
};

function sendSigned(response: ServerResponse, { body, added, done }: Signed): void {
  for (const [name, value] of added) {
    if (value === undefined) response.removeHeader(name);
    else response.setHeader(name, value);
  }
  // In HTTP/2 `end` counts as called even where it throws for a header, and nothing more could be sent.
  if (response.req.httpVersionMajor > 1) response.writeHead(response.statusCode);
  response.end(body, done);
}

/** Nothing is sent unsigned but this status. */
function sendFailure(response: ServerResponse, done: Done): void {
  try {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.writeHead(500, STATUS_CODES[500], { 'Content-Length': 0 });
    response.end('', done);
  } catch {
    response.destroy();
  }
}

type Unsigned = {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly countersign: Verified<ReceivedRequest>['countersign'];
};

/** The headers that a countersignature adds to a response. Those that it removes have no value. */
async function signatureOf(
  response: ServerResponse,
  { body, countersign }: Unsigned,
): Promise<Map<string, string | undefined>> {
  const { statusCode: status } = response;
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.getHeaders())) {
    for (const one of [value ?? ''].flat()) headers.append(name, String(one));
  }
  // The client reads no body with these statuses (RFC 9110), and the constructor of Response refuses one.
  const bodiless = [204, 205, 304].includes(status) || !body.length;
  const signed = await countersign(new Response(bodiless ? null : body, { status, headers }));
  // Headers lists cookies separately, and no signature is carried in one.
  return new Map([
    ...[...headers.keys()].filter((name) => !signed.headers.has(name)).map((name) => [name, undefined] as const),
    ...[...signed.headers].filter(([name, value]) => name !== 'set-cookie' && headers.get(name) !== value),
  ]);
}
