import type { NewAddress } from './scheme.ts';

/**
 * The referrer of a request, if there is one. Any other option resets it, so it must be repeated (Fetch Standard, the Request
 * constructor).
 */
export const referrerInit = ({ referrer, referrerPolicy }: Request = {} as Request): RequestInit =>
  typeof referrer === 'string' ? { referrer, referrerPolicy } : {};

// Listed one by one: runtimes support different options, and Cloudflare's refuses unsupported ones even when they are empty.
const kept = ['signal', 'credentials', 'mode', 'cache', 'keepalive', 'integrity', 'redirect'] as const;

/** Returns the options that a request to another URL inherits. */
export const copyInit = (request: Request): RequestInit => ({
  ...Object.fromEntries(kept.filter((name) => request[name]).map((name) => [name, request[name]])),
  ...referrerInit(request),
});

/** Returns the request with another path and query of the same origin. Both are kept byte for byte. */
export async function withTarget(request: Request, to: NewAddress): Promise<Request> {
  const { method, headers, url } = request;
  // Firefox has no `Request.body`, so the body has to be read there.
  const unknown = request.body === undefined && !/^(?:GET|HEAD)$/.test(method);
  const body = to.body ?? (unknown ? new Uint8Array(await request.arrayBuffer()) : request.body);
  return new Request(
    url.replace(/^(\w+:\/\/[^/?#]*).*/s, (_, origin) => origin + to.target),
    {
      ...copyInit(request),
      method,
      headers,
      ...(body && { body: body as BodyInit, duplex: 'half' }),
    },
  );
}
