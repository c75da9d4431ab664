import type { Eventual } from '../core/eventual.ts';
import { readdress } from '../core/readdress.ts';
import type { ReceivedRequest } from './received.ts';

/** What of a request is handed on as it was verified. */
export type VerifiedParts = {
  /** Path and query as the request names them, normalised. */
  readonly target: string;
  /** The body, where it was read. */
  readonly body: Uint8Array | undefined;
};

/** A verified request with a body that can be read and, if it is a `Request`, the spelling of the URL that was verified. */
export function handedOn<Received extends Request | ReceivedRequest>(
  request: Received,
  { target, body }: VerifiedParts,
): Eventual<Received> {
  if (!('arrayBuffer' in request)) return body ? { ...request, body } : request;
  // A Request of these methods can carry no body.
  const carried = body && !(body.length === 0 && /^(?:GET|HEAD)$/i.test(request.method)) ? body : undefined;
  if (!request.url.endsWith(target)) return readdress(request, { target, body: carried }) as Promise<Received>;
  return carried ? (new Request(request, { body: carried as BodyInit }) as Received) : request;
}
