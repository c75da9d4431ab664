import { toHref } from '../core/address.ts';
import { type Awaitable, chain, isPromise } from '../core/awaitable.ts';
import { sha256OfBodySync } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, toMessage } from '../core/message.ts';
import { type Body, bodyToSign, bytesInMemory, defaultContentType, toResponse } from './body.ts';
import type { SignedMessage, Signer } from './signer.ts';

/** A request described by values. */
export type RequestParts = {
  /** @default 'GET' */
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: NonNullable<RequestInit['headers']> | HeaderView;
  /** Text, bytes or URLSearchParams. */
  readonly body?: Body;
};

/** What to send. */
export type PreparedRequest = {
  /** The URL as it was signed: clients that send a URL as they are given it must send this one. */
  readonly url: string;
  /** The headers to add. */
  readonly headers: Record<string, string>;
};

/**
 * Returns the URL to send a request to and the headers to add, synchronously: for HTTP clients that are no fetch. A text
 * without a content type gets the one that fetch would give it.
 *
 * @throws SignatureError as `Signer.sign` does; `async_required` where signing takes a promise: for a CryptoKey, an
 * asynchronous `credentials` function, and a Blob, FormData or stream.
 * @example
 * const { url, headers } = prepareRequest(signer, { url: "https://api.example.com/v1/orders?q=it's" });
 */
export function prepareRequest(signer: Signer, parts: RequestParts): PreparedRequest {
  const { url, headers } = requireSync(signParts(signer, parts));
  return { url, headers };
}

/**
 * Signs a request described by values; synchronously, where credentials and key are.
 *
 * @throws SignatureError as {@link prepareRequest} does.
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
  const message = toMessage({ method, url: toHref(url) }, headers);
  const hashed = requireSync(bodyToSign(signer, { headers, bytes }, sha256OfBodySync));
  return chain(signer.signMessage(message, hashed.body), (signed) => ({
    ...signed,
    url: `${message.scheme}://${message.authority}${signed.target ?? message.rawTarget}`,
    headers: type ? { ...signed.headers, 'Content-Type': type } : signed.headers,
  }));
}

const noHeaders: HeaderView = { get: () => null };

const withType = (given: HeaderView, type: string): HeaderView => ({
  get: (name) => (/^content-type$/i.test(name) ? type : given.get(name)),
  keys: () => ['content-type', ...(given.keys?.() ?? [])],
});

function refuseBody(body: Body): never {
  // What no fetch takes has an error of its own.
  toResponse(body);
  return requireSync<never>(undefined);
}

/**
 * Returns a value that is there.
 *
 * @throws SignatureError `async_required` for a promise, and for nothing.
 */
function requireSync<Value extends object>(value: Awaitable<Value> | undefined): Value {
  if (!value || isPromise(value)) {
    // Nobody awaits it any more.
    value?.catch(() => {});
    fail('async_required', 'A CryptoKey, an async credentials function, a Blob, form or stream takes signer.sign().');
  }
  return value;
}
