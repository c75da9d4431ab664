import { readBody } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';

/** A body as callers hand it to fetch. */
export type Body = RequestInit['body'] | ArrayBufferView | undefined;

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const empty = new Uint8Array();

/**
 * The bytes of a body that is in memory whole, without reading anything; undefined where they can only be read.
 *
 * @throws SignatureError `body_parsed` for a value that fetch would turn into text such as `[object Object]`.
 */
export function bytesInMemory(body: Body): Uint8Array | undefined {
  if ((body ?? '') === '') return empty;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  const kind = kindOf(body);
  if (/^(String|URLSearchParams)$/.test(kind)) return utf8(`${body}`);
  if (/ArrayBuffer$/.test(kind)) return new Uint8Array(body as ArrayBuffer);
  if (!/^(Blob|File|FormData|ReadableStream)$/.test(kind))
    fail('body_parsed', `The body is of type ${kind}: serialise it, and send what was signed.`);
  return undefined;
}

const typed: Readonly<Record<string, string>> = {
  String: 'text/plain',
  URLSearchParams: 'application/x-www-form-urlencoded',
};

/** The content type that fetch gives a body by itself; told explicitly, because Bun gives a string none. */
export const defaultContentType = (body: Body): string | undefined =>
  (body ?? undefined) === undefined ? undefined : typed[kindOf(body)]?.concat(';charset=UTF-8');

/**
 * Reads a body whole, once, to be hashed.
 *
 * @param limit in bytes; reading stops there.
 * @param signal ends the wait for a stream. @default that of the source
 * @throws SignatureError `body_too_large` above the limit, `body_unreadable` where reading fails: because the source does,
 * or the runtime cannot, as WebKit a FormData with files (see `formBlob`). And the reason of the signal.
 */
export async function readToSign(
  source: Request | Response,
  limit: number,
  signal: AbortSignal | null | undefined = 'signal' in source ? source.signal : undefined,
): Promise<Uint8Array> {
  const reading = readBody(source, limit).catch((cause) =>
    fail('body_unreadable', 'The body cannot be read to be signed.', 400, cause),
  );
  const bytes = await (signal ? unlessAborted(reading, signal) : reading);
  return (
    bytes ??
    fail(
      'body_too_large',
      `More than ${limit} bytes to read before they are signed: raise maxBodyBytes, or set Content-Digest.`,
      413,
    )
  );
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    // A signal may outlive many calls.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
