import { fail } from '../core/errors.ts';
import { methodOf } from '../core/message.ts';
import { referrerOf } from '../core/readdress.ts';
import { bytesInMemory, defaultContentType, readToSign } from './body.ts';
import type { SignerSettings } from './draft.ts';
import { nextHop } from './redirect.ts';
import { bytesRead } from './request.ts';
import type { Signer } from './signer.ts';

/** The platform's `fetch`, or what stands in for it. */
export type Fetch = typeof globalThis.fetch;

/**
 * A drop-in `fetch` that signs every request it sends. A redirect on the same origin is signed anew; one to another origin
 * is followed for GET and HEAD, without signature, `Authorization` and `Cookie`, and refused for what may have a body. In
 * browsers, which do not tell where a redirect leads, all are refused. `redirect: 'manual'` and `'error'` work as ever.
 *
 * @param fetch what sends the requests. @default globalThis.fetch, looked up at each call
 * @throws SignatureError (the function returned) whatever `signer.sign` does, and `redirect_refused`
 */
export function signedFetch(signer: Signer, fetch: Fetch = (...given) => globalThis.fetch(...given)): Fetch {
  const { fields } = signer.settings.scheme;
  return async (input, init) => {
    let { request, bytes, extras } = await attemptOf(signer, input, init);
    const follow = (init?.redirect ?? request.redirect ?? 'follow') === 'follow';
    for (let hops = 0; ; hops++) {
      request = await signer.sign(request, bytes && { body: bytes });
      bytes ??= bytesRead.get(request);
      // A runtime's own redirecting would send the old signature along, and the access key to any origin.
      const manual: RequestInit = { ...referrerOf(request), ...extras, redirect: 'manual' };
      const response = await fetch(request, follow ? manual : extras);
      const hop = follow && nextHop(response, { request, bytes, fields, hops });
      if (!hop) return response;
      await response.body?.cancel();
      ({ request, bytes } = hop);
      if (hop.leaves) return fetch(request, extras);
    }
  };
}

type Attempt = {
  readonly request: Request;
  /** The bytes of its body, where they are known without reading it. */
  readonly bytes?: Uint8Array | undefined;
  /** What fetch was given beside the request, such as undici's `dispatcher`. */
  readonly extras: RequestInit | undefined;
};

async function attemptOf({ settings }: Signer, input: RequestInfo | URL, init: RequestInit = {}): Promise<Attempt> {
  // A Request may stand in for init, and has no properties of its own to copy.
  if ('clone' in init) return { request: new Request(input, init), extras: undefined };
  const given = typeof input === 'object' && 'headers' in input ? input : undefined;
  const { method: wanted = given?.method ?? 'GET', headers: fields = given?.headers, body, ...extras } = init;
  if (given && !('method' in init || 'headers' in init || 'body' in init)) return { request: given, extras };
  const method = methodOf(wanted);
  const headers = new Headers(fields);
  const { bytes, type } = await bytesOf(init, headers, settings);
  if (type && !headers.has('content-type')) headers.set('content-type', type);
  const request = new Request(input, { ...init, ...(bytes && { body: bytes as BodyInit }), method, headers });
  if (request.method !== method)
    fail('invalid_request', `This runtime sends ${request.method} for the method ${method}.`);
  return { request, bytes, extras };
}

async function bytesOf(
  { body, signal }: RequestInit,
  headers: Headers,
  { scheme, maxBodyBytes, unsignedPayload }: SignerSettings,
): Promise<{ bytes?: Uint8Array | undefined; type?: string | undefined }> {
  if (body == null) return {};
  const bytes = bytesInMemory(body);
  if (bytes) return { bytes, type: defaultContentType(body) };
  if (scheme.body === 'none' || unsignedPayload || scheme.declaresBody(headers)) return {};
  // Read before it becomes a Request's: the boundary is drawn once, and Firefox and WebKit cannot send streams.
  const source = new Response(body);
  // Bun forgets it with the body.
  const type = source.headers.get('content-type') ?? undefined;
  return { bytes: await readToSign(source, maxBodyBytes, signal), type };
}
