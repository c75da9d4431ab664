import { fail } from '../core/errors.ts';
import { copyInit } from '../core/with-target.ts';
import { kindOf } from './body.ts';
import { checkOptions } from './check-options.ts';
import { discardRedirect } from './discard-body.ts';
import { type Fetch, signedFetch } from './fetch.ts';
import { redirectTarget } from './refuse-redirect.ts';
import { isRequest, mayHaveBody } from './request.ts';
import type { Signer } from './signer.ts';

/** Options of `redirectFetch`. */
export type RedirectOptions = {
  /** Signs and sends each request. With `countersignedFetch(signer)`, only countersigned redirects are followed. @default signedFetch(signer) */
  readonly fetch?: Fetch;
  /** The methods whose redirects are followed, in upper case. @default ['GET', 'HEAD'] */
  readonly methods?: readonly string[];
  /** How many redirects are followed for one call. @default 20 */
  readonly maxRedirects?: number;
};

/**
 * Returns a `fetch` that follows redirects to the same origin and signs each request anew. With `signedFetch`, anyone in between
 * can forge a redirect, and so choose the path of the next request and the response that the caller gets. Therefore only
 * redirects of GET and HEAD are followed, unless `methods` names others. Redirects to other origins are refused. In browsers all
 * redirects are refused, because browsers hide their address.
 *
 * @throws SignatureError (the returned function) `redirect_refused`, and the codes of the option `fetch`.
 * @example
 * import { countersignedFetch, redirectFetch } from 'countersign';
 *
 * const api = redirectFetch(signer, { fetch: countersignedFetch(signer) });
 * const response = await api('https://api.example.com/v1/orders');
 */
export function redirectFetch(signer: Signer, options: RedirectOptions = {}): Fetch {
  checkOptions('redirectFetch', options, /^(fetch|methods|maxRedirects)$/);
  const { fetch = signedFetch(signer), methods = ['GET', 'HEAD'], maxRedirects = 20 } = options;
  return async (input, init) => {
    // `init` may be a Request, whose properties a spread does not copy.
    if (init && 'clone' in init) return redirectFetch(signer, options)(new Request(input, init));
    let hop = firstHop(input, init);
    if (hop.init.redirect !== 'follow') return fetch(input, init);
    const followed = methods.includes(hop.init.method);
    const copy = followed && !hop.init.body ? copyOf(input) : undefined;
    let response = await fetch(input, { ...init, redirect: 'manual' });
    let left = followed ? maxRedirects : 0;
    let url = nextUrl(response, hop);
    while (url && left-- > 0) {
      hop = await hopTo(url, { response, hop, copy });
      await response.body?.cancel();
      response = await fetch(hop.url, hop.init);
      url = nextUrl(response, hop);
    }
    return discardRedirect(response);
  };
}

/** Sending consumes the body of a Request. */
const copyOf = (input: string | URL | Request): Request | undefined =>
  isRequest(input) && mayHaveBody(input) ? input.clone() : undefined;

/** A request of a chain of redirects. */
type Hop = {
  readonly url: string;
  readonly init: RequestInit & { readonly method: string; readonly headers: Headers };
};

function firstHop(input: string | URL | Request, init: RequestInit = {}): Hop {
  const { url = `${input}`, ...given } = isRequest(input)
    ? { ...copyInit(input), url: input.url, method: input.method, headers: input.headers }
    : {};
  const settings = { redirect: 'follow' as const, ...given, ...init };
  const { method = 'GET', headers } = settings;
  return { url, init: { ...settings, method: method.toUpperCase(), headers: new Headers(headers) } };
}

/** The address that a response redirects to, if it has the same origin. */
function nextUrl(response: Response, { url: from }: Hop): string | undefined {
  const location = redirectTarget(response);
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  const { origin, href, username, password } = new URL(location, from);
  // No request can be made to an address with a user.
  return origin === new URL(from).origin && !username && !password ? href : undefined;
}

type Redirected = { readonly response: Response; readonly hop: Hop; readonly copy: Request | undefined };

async function hopTo(url: string, { response, hop, copy }: Redirected): Promise<Hop> {
  const { body, ...init } = hop.init;
  const headers = new Headers(init.headers);
  if (losesBody(response.status, init.method)) {
    for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name);
    return { url, init: { ...init, headers, method: 'GET', redirect: 'manual' } };
  }
  if (body && isReadOnce(body)) fail('redirect_refused', 'The body is a stream, which cannot be sent twice.');
  const again = body ?? (copy && new Uint8Array(await copy.clone().arrayBuffer()));
  return { url, init: { ...init, headers, redirect: 'manual', ...(again !== undefined && { body: again }) } };
}

/** True for streams, generators and all else that gives its content once. */
const isReadOnce = (body: NonNullable<RequestInit['body']>): boolean =>
  !/^(?:String|Blob|File|FormData|URLSearchParams|\w*Array|ArrayBuffer|SharedArrayBuffer|DataView)$/.test(kindOf(body));

// The Fetch Standard, "HTTP-redirect fetch".
const losesBody = (status: number, method: string): boolean =>
  status === 303 ? !/^(GET|HEAD)$/.test(method) : status < 303 && method === 'POST';
