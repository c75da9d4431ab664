import { fail } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { referrerOf } from '../core/readdress.ts';

/**
 * @throws SignatureError `invalid_request` for a path that begins with `//` in Bun, which sends one slash of the two, and
 * for another Host in Bun and edge-runtime, which send it; elsewhere it is ignored.
 */
export function refuseUnsendable({ target, authority, headers }: Message): void {
  const inBun = 'Bun' in globalThis;
  if (inBun && target.startsWith('//')) fail('invalid_request', 'Bun sends a path that begins with // as another.');
  if ((inBun || 'EdgeRuntime' in globalThis) && (headers.get('host') ?? authority) !== authority)
    fail('invalid_request', 'The Host header is not the host of the URL.');
}

/** Whether a Request may have a body. Firefox has no `Request.body`; there only GET and HEAD are known to have none. */
export const mayHaveBody = ({ body, method }: Request): boolean =>
  body !== null && (body !== undefined || !/^(?:GET|HEAD)$/i.test(method));

/** Whether what fetch was given can be given to it again: what has been read once cannot. */
export const resendable = (input: RequestInfo | URL, init: RequestInit | undefined): boolean =>
  !(init?.body instanceof ReadableStream) && !(typeof input === 'object' && 'bodyUsed' in input && input.bodyUsed);

export type SignedParts = {
  readonly headers: Readonly<Record<string, string>>;
  /** The headers that a signature may have, the first of which, if any, every signed request has. */
  readonly fields: readonly string[];
  /** In upper case. */
  readonly method: string;
  /** Stands in for the body of the request, which has been read. */
  readonly body: Uint8Array | undefined;
};

/** The bodies of signed requests that had to be read, for whoever must send one again. */
export const bytesRead: WeakMap<Request, Uint8Array> = new WeakMap<Request, Uint8Array>();

/**
 * The request with a signature's headers, in place of an older one's: set on the Request itself where that can be.
 *
 * @throws SignatureError `invalid_request` where the headers are dropped, as in mode `no-cors`.
 */
export function withHeaders(request: Request, { headers, fields, method, body }: SignedParts): Request {
  // Runtimes differ in which lower-case methods they put in upper case on the wire.
  const init = { ...(body && { body: body as BodyInit }), ...(method !== request.method && { method }) };
  let signed = body || init.method ? new Request(request, { ...referrerOf(request), ...init }) : request;
  if (body) bytesRead.set(signed, body);
  try {
    set(signed.headers);
  } catch {
    // A request that came from outside, such as a service worker's, has headers that cannot be set.
    const copy = new Headers(signed.headers);
    set(copy);
    signed = new Request(signed, { ...referrerOf(signed), headers: copy });
  }
  const [first] = fields;
  if (first && !signed.headers.has(first)) fail('invalid_request', `Mode ${signed.mode} drops the signature.`);
  return signed;

  function set(target: Headers): void {
    if (fields[0] && target.has(fields[0])) for (const field of fields) target.delete(field);
    for (const name in headers) target.set(name, headers[name] ?? '');
  }
}
