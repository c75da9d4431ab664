import { signParts } from '../client/prepare-request.ts';
import type { Signer } from '../client/signer.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';

/** The methods that Fastify's `inject` and supertest know. */
export type RequestMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A request to a server under test. */
export type RequestToSign = {
  /** The path and query, or the complete address if the server has a `publicOrigin`. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: RequestMethod;
  /** @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as text. @default none */
  readonly body?: string;
  /** A value that is sent as JSON instead of `body`. @default none */
  readonly json?: unknown;
};

const names: OptionNames<RequestToSign> = { url: true, method: true, headers: true, body: true, json: true };

/** A signed request, as Fastify's `inject` takes it. */
export type SignedRequest = {
  readonly method: RequestMethod;
  /** The path and query as signed. */
  readonly url: string;
  /** All headers of the request. `host` is the signed one, because a test server has a port that is chosen at random. */
  readonly headers: Record<string, string>;
  readonly body?: string;
};

/**
 * Signs a request to a server under test: for supertest, Fastify's `inject` and Hono's `app.request`. The address is
 * `http://localhost` unless `url` is complete.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and the codes of `Signer.sign`.
 * @example
 * import { protect } from 'countersign/hono';
 * import { signRequest, testClock, testSigner, testVerifier } from 'countersign/testing';
 * import { Hono } from 'hono';
 *
 * const app = new Hono();
 * app.use(protect(testVerifier({ clock: testClock })));
 * app.post('/orders', async (c) => c.json(await c.req.json(), 201));
 *
 * const { url, ...init } = await signRequest(testSigner(), { method: 'POST', url: '/orders', json: { sku: 'A-1' } });
 * console.log((await app.request(url, init)).status); // → 201
 */
export async function signRequest(signer: Signer, given: RequestToSign): Promise<SignedRequest> {
  requireKnownOptions(given, names, 'signRequest()');
  const { method = 'GET', url, json } = given;
  const body = json === undefined ? given.body : JSON.stringify(json);
  const address = new URL(url, 'http://localhost');
  const headers = new Headers(given.headers);
  if (json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  const signed = await signParts(signer, { method, url: address, headers, ...(body !== undefined && { body }) });
  for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
  return {
    method,
    url: signed.url.slice(signed.url.indexOf('/', 'https://'.length)),
    headers: { ...Object.fromEntries(headers), host: address.host },
    ...(body !== undefined && { body }),
  };
}
