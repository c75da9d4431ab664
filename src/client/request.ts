import { escapePercents } from '../core/address.ts';
import { fail } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { referrerInit } from '../core/with-target.ts';
import { kindOf } from './body.ts';

/**
 * Refuses requests that this runtime would send otherwise than signed.
 *
 * @throws SignatureError `invalid_request` for a path that begins with `//` in Bun, which sends one slash; and for a Host
 * header other than the host of the URL in Bun and edge-runtime, which send that header. Other runtimes ignore it.
 */
export function refuseUnsendable({ target, authority, headers }: Message): void {
  const inBun = 'Bun' in globalThis;
  if (inBun && target.startsWith('//')) fail('invalid_request', 'Bun sends a path that begins with // as another.');
  if ((inBun || 'EdgeRuntime' in globalThis) && (headers.get('host') ?? authority) !== authority)
    fail('invalid_request', 'The Host header is not the host of the URL.');
}

/**
 * Returns the Request at its address with each `%` in an escape, as it is signed. One with a body stays as it is, because some runtimes
 * cannot copy it: a verifier refuses its address.
 */
export function withEscapes(request: Request): Request {
  const url = escapePercents(request.url);
  return url === request.url || mayHaveBody(request) ? request : new Request(url, request);
}

/** Whether a Request may have a body. Firefox has no `Request.body`: there, only GET and HEAD are known to have none. */
export const mayHaveBody = ({ body, method }: Request): boolean =>
  body !== null && (body !== undefined || !/^(?:GET|HEAD)$/i.test(method));

/**
 * Replaces the headers of an older signature with those of a new one. It changes the Request itself if possible, and otherwise
 * returns a copy.
 *
 * @param fields the headers that a signature may have. The first, if any, is in every signed request.
 * @throws SignatureError `invalid_request` if the platform drops the headers, as in mode `no-cors`.
 */
export function setSignature(
  request: Request,
  headers: Readonly<Record<string, string>>,
  fields: readonly string[],
): Request {
  const [first] = fields;
  const set = (target: Headers): void => {
    if (first && target.has(first)) for (const field of fields) target.delete(field);
    for (const name in headers) target.set(name, headers[name] ?? '');
  };
  let signed = request;
  try {
    set(request.headers);
  } catch {
    // The headers of a request from outside, as in a service worker, cannot be set.
    const copy = new Headers(request.headers);
    set(copy);
    signed = new Request(request, { ...referrerInit(request), headers: copy });
  }
  if (first && !signed.headers.has(first)) fail('invalid_request', `Mode ${signed.mode} drops the signature.`);
  return signed;
}

export const isRequest = (input: string | URL | Request): input is Request =>
  typeof input === 'object' && 'headers' in input;

/**
 * Whether the arguments of fetch can be used again with the same body: not one that was read, nor one that is read once, such as a
 * stream or a generator, nor bytes, which the caller may have changed.
 */
export const resendable = (input: string | URL | Request, init: RequestInit | undefined): boolean =>
  /^(?:Undefined|Null|String|Blob|File)$/.test(kindOf(init?.body)) && !(isRequest(input) && input.bodyUsed);

/** Whether the method of a request is idempotent, RFC 9110 section 9.2.2. */
export function hasIdempotentMethod(input: string | URL | Request, init: RequestInit | undefined): boolean {
  const { method = 'GET' } = isRequest(input) ? input : ({} as Partial<Request>);
  return /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(init?.method ?? method);
}

/**
 * Whether a request may be sent once more after a refusal that anyone in between can forge, because it may have been carried out: one
 * of an idempotent method, or with an `Idempotency-Key`, that can be sent with the same body.
 */
export function maySendAgain(input: string | URL | Request, init: RequestInit | undefined): boolean {
  const headers = init?.headers ?? (isRequest(input) ? input.headers : undefined);
  return (hasIdempotentMethod(input, init) || new Headers(headers).has('idempotency-key')) && resendable(input, init);
}
