import { toHref } from '../core/address.ts';
import { type Awaitable, chain, isPromise } from '../core/awaitable.ts';
import { sha256OfBodySync } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, toMessage } from '../core/message.ts';
import { type Body, bodyToSign, bytesInMemory, defaultContentType, toResponse } from './body.ts';
import type { SignedMessage, Signer } from './signer.ts';

/** The parts of a request to sign. */
export type RequestParts = {
  /** @default 'GET' */
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: NonNullable<RequestInit['headers']> | HeaderView;
  /** A string, bytes or URLSearchParams. @default none */
  readonly body?: Body;
};

/** The URL and headers of a signed request. */
export type PreparedRequest = {
  /** The signed URL. A client that does not normalise URLs must send this one. */
  readonly url: string;
  /** The headers to add. */
  readonly headers: Record<string, string>;
};

/**
 * Signs a request synchronously, and returns its URL and the headers to add. It serves HTTP clients that have another interface
 * than `fetch`. A string without a content type gets the content type that `fetch` would set.
 *
 * @throws SignatureError the codes of `Signer.sign`, and `async_required` if signing needs a promise: for a CryptoKey, an
 * asynchronous `credentials` function, a Blob, FormData or stream.
 * @example
 * import { prepareRequest } from 'countersign';
 *
 * const { url, headers } = prepareRequest(signer, { url: "https://api.example.com/v1/orders?q=it's" });
 * console.log(url); // → https://api.example.com/v1/orders?q=it%27s
 */
export function prepareRequest(signer: Signer, parts: RequestParts): PreparedRequest {
  const { url, headers } = requireSync(signParts(signer, parts));
  return { url, headers };
}

/**
 * Signs the parts of a request. Synchronous if credentials and key are.
 *
 * @throws SignatureError the codes of {@link prepareRequest}.
 */
export function signParts(
  signer: Signer,
  { method = 'GET', url, headers: fields, body }: RequestParts,
): Awaitable<SignedMessage & PreparedRequest> {
  const bytes = bytesInMemory(body);
  if (!bytes) refuseBody(body);
  const given: HeaderView = !fields ? noHeaders : 'get' in fields ? (fields as HeaderView) : new Headers(fields);
  const type = given.get('content-type') === null ? defaultContentType(body) : undefined;
  const headers = type ? withType(given, type) : given;
  // A WebSocket asks for its address by http, and keeps its own scheme.
  const href = toHref(url);
  const isSocket = /^wss?:/.test(href);
  const message = toMessage({ method, url: isSocket ? href.replace('ws', 'http') : href }, headers);
  const hashed = requireSync(bodyToSign(signer, { headers, bytes }, sha256OfBodySync));
  return chain(signer.signMessage(message, hashed.body), (signed) => ({
    ...signed,
    url: `${isSocket ? message.scheme.replace('http', 'ws') : message.scheme}://${message.authority}${signed.target ?? message.rawTarget}`,
    headers: type ? { ...signed.headers, 'Content-Type': type } : signed.headers,
  }));
}

const noHeaders: HeaderView = { get: () => null };

const withType = (given: HeaderView, type: string): HeaderView => ({
  get: (name) => (/^content-type$/i.test(name) ? type : given.get(name)),
  keys: () => ['content-type', ...(given.keys?.() ?? [])],
});

function refuseBody(body: Body): never {
  // A value that fetch does not accept has an error of its own.
  toResponse(body);
  return requireSync<never>(undefined);
}

/**
 * Returns a value that is no promise.
 *
 * @throws SignatureError `async_required` for a promise and for undefined.
 */
function requireSync<Value extends object>(value: Awaitable<Value> | undefined): Value {
  if (!value || isPromise(value)) {
    // Otherwise its rejection would be unhandled.
    value?.catch(() => {});
    fail('async_required', 'A CryptoKey, an async credentials function, a Blob, form or stream takes signer.sign().');
  }
  return value;
}
