import { fail } from '../core/errors.ts';
import { settingsOf } from '../core/readdress.ts';

export type Redirected = {
  /** The request that was answered. */
  readonly request: Request;
  /** The bytes of its body, where they are known. */
  readonly bytes: Uint8Array | undefined;
  /** The headers of its signature. */
  readonly fields: readonly string[];
  /** How many redirects came before. */
  readonly hops: number;
};

export type Hop = {
  readonly request: Request;
  readonly bytes: Uint8Array | undefined;
  /** To another origin, where the request goes without a signature. */
  readonly leaves: boolean;
};

/**
 * The request that a response redirects to, by the rules of the Fetch Standard ("HTTP-redirect fetch"), or undefined
 * where it is no redirect.
 *
 * @throws SignatureError `redirect_refused`
 */
export function nextHop(
  { type, status, headers: answer }: Response,
  { request, bytes, fields, hops }: Redirected,
): Hop | undefined {
  if (type === 'opaqueredirect') refuse('where to, a browser does not tell');
  const location = [301, 302, 303, 307, 308].includes(status) && answer.get('location');
  if (!location) return undefined;
  const url = new URL(location, request.url);
  const leaves = url.origin !== new URL(request.url).origin;
  const becomesGet = losesBody(status, request.method);
  const method = becomesGet ? 'GET' : request.method;
  const headers = new Headers(request.headers);
  const dropped = [
    ...(becomesGet
      ? ['type', 'length', 'encoding', 'language', 'location', 'digest'].map((name) => `content-${name}`)
      : []),
    ...(leaves ? [...fields, 'authorization', 'cookie', 'proxy-authorization'] : []),
  ];
  for (const name of dropped) headers.delete(name);
  if (hops > 19) refuse('more than 20 times');
  // Some runtimes fetch file: and data: URLs.
  if (!/^https?:$/.test(url.protocol)) refuse(`to ${url.protocol}`);
  if (leaves && !/^(GET|HEAD)$/.test(method)) refuse(`a ${method} to ${url.origin}`);
  if (!becomesGet && request.body && !bytes) refuse('a body that was streamed');
  const body = becomesGet ? undefined : bytes;
  const init = {
    ...settingsOf(request),
    method,
    headers,
    ...(body?.length && { body: body as BodyInit }),
  };
  return { request: new Request(url, init), bytes: body, leaves };
}

const losesBody = (status: number, method: string): boolean =>
  status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';

const refuse = (what: string): never =>
  fail('redirect_refused', `The server redirects ${what}: call the final address.`);
