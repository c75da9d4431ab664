import { type Awaitable, chain } from '../core/awaitable.ts';
import { readBody } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import type { SignedBody } from '../core/scheme.ts';
import type { Signer } from './signer.ts';

/** A body as `fetch` takes it. */
export type Body = RequestInit['body'] | ArrayBufferView | undefined;

/** The class of a value, such as `Blob`, also if it is of another realm. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const empty = new Uint8Array();

/** Returns the bytes of a body that is completely in memory; undefined if the body must be read. */
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

/** The content type that fetch sets for a body in memory. Set explicitly, because Bun sets none for a string. */
export const defaultContentType = (body: Body): string | undefined => types[kindOf(body)]?.concat(';charset=UTF-8');

/**
 * Wraps a body that must be read in a Response, so that it is read as by this runtime's fetch.
 *
 * @throws SignatureError `body_parsed` for a value that fetch would convert to a string such as `[object Object]`,
 * `body_unreadable` for a body that the runtime cannot read, such as a Blob of jsdom.
 */
export function toResponse(body: Body): Response {
  const parts = kindOf(body) === 'FormData' ? [...(body as FormData).values()] : [];
  // In Node, reading a form with files of jsdom never ends.
  if (parts.some((part) => typeof part === 'object' && !('stream' in part))) unreadable(undefined);
  const response = new Response(typeof body === 'object' ? (body as BodyInit) : '');
  // The type of a Blob is in lower case, so only a string has this content type.
  if (typeof body !== 'object' || response.headers.get('content-type') === 'text/plain;charset=UTF-8')
    fail('body_parsed', `The body is of type ${kindOf(body)}: serialise it first.`);
  return response;
}

function unreadable(cause: unknown): never {
  if (cause instanceof SignatureError) throw cause;
  fail('body_unreadable', 'This runtime cannot read the body: pass its bytes.', 400, cause);
}

/** Where the body of a request comes from. */
export type BodySource = {
  /** The headers of the request. */
  readonly headers: HeaderView;
  /** The body, if it is in memory. */
  readonly bytes?: Uint8Array | undefined;
  /** Returns the message whose body must be read; absent if there is none. */
  readonly read?: (() => Request | Response) | false | undefined;
  /** Aborts the reading. */
  readonly signal?: AbortSignal | null | undefined;
};

/** How a body is signed, and its bytes, if they are known. */
export type BodyToSign = { readonly body: SignedBody; readonly bytes?: Uint8Array };

/**
 * Decides whether a body is read and how it is signed. Synchronous for a body that is not read, if `hash` is synchronous.
 *
 * @throws SignatureError `body_too_large` above `maxBodyBytes`; `body_unreadable` if the source fails or the runtime cannot
 * read it: WebKit cannot read a FormData with files (see `formBlob`).
 */
export function bodyToSign(
  { scheme, maxBodyBytes, unsignedPayload }: Signer,
  { headers, bytes, read, signal }: BodySource,
  hash: (bytes: Uint8Array) => Awaitable<Uint8Array>,
): Awaitable<BodyToSign> {
  // An empty body and no body are the same on the wire, so neither has a digest.
  const ofBytes = (known: Uint8Array): Awaitable<BodyToSign> =>
    !known.length
      ? { body: { kind: 'none' }, bytes: known }
      : scheme.body === 'bytes'
        ? { body: { kind: 'bytes', bytes: known }, bytes: known }
        : chain(hash(known), (sha256) => ({ body: { kind: 'digest', sha256 }, bytes: known }));
  const covered = scheme.body !== 'none';
  if (bytes?.length && covered) return ofBytes(bytes);
  const unread = read && covered ? read : undefined;
  // If there is no body, a digest next to an older signature belongs to that signature.
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
