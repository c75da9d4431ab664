import type { NewAddress } from './scheme.ts';

/** To be repeated beside any other option, each of which resets it (Fetch Standard, the Request constructor). */
export const referrerInit = ({ referrer, referrerPolicy }: Request): RequestInit =>
  typeof referrer === 'string' ? { referrer, referrerPolicy } : {};

// Copied one by one: runtimes have some of these, and Cloudflare's refuses others even when they are empty.
const kept = ['signal', 'credentials', 'mode', 'cache', 'keepalive', 'integrity', 'redirect'] as const;

/** What a request to another URL takes over. */
export const copyInit = (request: Request): RequestInit => ({
  ...Object.fromEntries(kept.filter((name) => request[name]).map((name) => [name, request[name]])),
  ...referrerInit(request),
});

/** The request, sent to another path and query of the same origin, which are kept to the byte. */
export async function withTarget(request: Request, to: NewAddress): Promise<Request> {
  const { method, headers, url } = request;
  // Firefox has no Request.body, so there it has to be read.
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
