import { type Awaitable, chain } from '../core/awaitable.ts';
import { readBody } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import type { SignedBody } from '../core/scheme.ts';
import type { Signer } from './signer.ts';

/** A body as callers hand it to fetch. */
export type Body = RequestInit['body'] | ArrayBufferView | undefined;

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const empty = new Uint8Array();

/** The bytes of a body that is in memory whole; undefined where the body has to be read. */
export function bytesInMemory(body: Body): Uint8Array | undefined {
  if ((body ?? '') === '') return empty;
  const kind = kindOf(body);
  if (/^(String|URLSearchParams)$/.test(kind)) return utf8(`${body}`);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return /ArrayBuffer$/.test(kind) ? new Uint8Array(body as ArrayBuffer) : undefined;
}

const types: Readonly<Record<string, string>> = {
  String: 'text/plain',
  URLSearchParams: 'application/x-www-form-urlencoded',
};

/** The content type that fetch gives a body in memory. Set explicitly, because Bun sets none for a string. */
export const defaultContentType = (body: Body): string | undefined =>
  (body ?? undefined) === undefined ? undefined : types[kindOf(body)]?.concat(';charset=UTF-8');

/**
 * A body that has to be read, as this runtime's fetch reads it.
 *
 * @throws SignatureError `body_parsed` for a value that fetch would turn into text such as `[object Object]`,
 * `body_unreadable` for one that the runtime cannot read, such as a Blob of jsdom.
 */
export function toResponse(body: Body): Response {
  const parts = kindOf(body) === 'FormData' ? [...(body as FormData).values()] : [];
  // The Response of Node never ends the reading of a form with files of jsdom.
  if (parts.some((part) => typeof part === 'object' && !('stream' in part))) unreadable(undefined);
  const response = new Response(typeof body === 'object' ? (body as BodyInit) : '');
  // A Blob's type is in lower case, so only a text has this one.
  if (typeof body !== 'object' || response.headers.get('content-type') === 'text/plain;charset=UTF-8')
    fail('body_parsed', `The body is of type ${kindOf(body)}: serialise it, and send what was signed.`);
  return response;
}

function unreadable(cause: unknown): never {
  if (cause instanceof SignatureError) throw cause;
  fail('body_unreadable', 'This runtime cannot read the body: pass its bytes.', 400, cause);
}

/** Where a body is. */
export type BodySource = {
  /** The request's. */
  readonly headers: HeaderView;
  /** The body, where it is in memory. */
  readonly bytes?: Uint8Array | undefined;
  /** Returns what else has to be read; absent where there is no such body. */
  readonly read?: (() => Request | Response) | false | undefined;
  /** Stops the reading. */
  readonly signal?: AbortSignal | null | undefined;
};

/** What is signed of a body, and its bytes, where they are known. */
export type BodyToSign = { readonly body: SignedBody; readonly bytes?: Uint8Array };

/**
 * Decides whether a body is read and how it is signed. Synchronous for what is in memory and what is not read, where `hash` is.
 *
 * @throws SignatureError `body_too_large` above `maxBodyBytes`; `body_unreadable` where the source fails or the runtime
 * cannot read it, as WebKit a FormData with files (see `formBlob`).
 */
export function bodyToSign(
  { scheme, maxBodyBytes, unsignedPayload }: Signer,
  { headers, bytes, read, signal }: BodySource,
  hash: (bytes: Uint8Array) => Awaitable<Uint8Array>,
): Awaitable<BodyToSign> {
  // An empty body cannot be told from none on the wire, so neither has a digest.
  const ofBytes = (known: Uint8Array): Awaitable<BodyToSign> =>
    !known.length
      ? { body: { kind: 'none' }, bytes: known }
      : scheme.body === 'bytes'
        ? { body: { kind: 'bytes', bytes: known }, bytes: known }
        : chain(hash(known), (sha256) => ({ body: { kind: 'digest', sha256 }, bytes: known }));
  const covered = scheme.body !== 'none';
  if (bytes?.length && covered) return ofBytes(bytes);
  const unread = read && covered ? read : undefined;
  // Where there is no body, a digest beside an older signature belongs to that signature.
  if (scheme.declaresBody(headers) && (unread || headers.get(scheme.fields[0] ?? 'signature') === null))
    return { body: { kind: 'declared' } };
  if (!unread) return { body: { kind: 'none' } };
  if (unsignedPayload) return { body: { kind: 'unsigned' } };
  return (async () => readBody(unread(), maxBodyBytes, signal))()
    .catch(unreadable)
    .then((whole) =>
      ofBytes(
        whole ??
          fail(
            'body_too_large',
            `The body has more than ${maxBodyBytes} bytes: raise maxBodyBytes, or set Content-Digest.`,
            413,
          ),
      ),
    );
}
