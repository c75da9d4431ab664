import { isBytes } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { headerView, listLines, type NodeRequest, receivedFromNode } from '../node/received.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';

/** A request as many servers and serverless functions describe one. Requests of Node, Express and Fastify have these members. */
export type DescribedRequest = {
  readonly method?: string | undefined;
  /** The whole URL, or path and query as received. */
  readonly url?: string | undefined;
  /** By name in any case, or a `Headers` object. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as received, or the text that they were decoded to. Not the result of a parser. */
  readonly body?: unknown;
};

/** A request in one of the forms that servers have. */
export type WebhookRequest = Request | DescribedRequest;

/**
 * Converts a request for a verifier.
 *
 * @throws SignatureError `body_parsed` for a body that is neither bytes nor text.
 */
export function receiveWebhook(request: WebhookRequest): Request | ReceivedRequest {
  if ('arrayBuffer' in request) return request;
  return 'rawHeaders' in request && Array.isArray(request.rawHeaders)
    ? receivedFromNode(request as unknown as NodeRequest)
    : receivedFromDescription(request);
}

function receivedFromDescription({ method, url, headers, body }: DescribedRequest): ReceivedRequest {
  // Code without types, and events read from JSON, may have no headers at all.
  const view = headers instanceof Headers ? headers : headerView(listLines(headers ?? {}));
  // A name that nobody signs for: most senders sign no host.
  const [, scheme = 'https', authority = view.get('host') ?? 'unknown.invalid', rest = ''] =
    /^(?:(https?):\/\/([^/?#]*))?([^#]*)/i.exec(url ?? '') ?? [];
  const bytes = bytesOf(body);
  return {
    method: (method ?? '').toUpperCase(),
    scheme: scheme.toLowerCase() as 'http' | 'https',
    authority,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    headers: view,
    ...(bytes && { body: bytes }),
  };
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return utf8(body);
  if (isBytes(body)) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return fail(
    'body_parsed',
    'The body of the webhook was parsed before it was verified. Pass the bytes as received: parsed and serialised again, they differ.',
    500,
  );
}

/**
 * Returns a description of the damage if the body of a request does not have the length that its sender stated: it was serialised
 * again, or cut. A body that is read from the connection is not compared: its length is the stated one, because HTTP ends it there.
 */
export function changedLength({ headers, body, bodyUsed }: ReceivedRequest): string | undefined {
  const isKnown = isBytes(body) || (body === undefined && !bodyUsed);
  const stated = headers.get('content-length') ?? '';
  const length = isBytes(body) ? body.length : 0;
  if (!isKnown || !/^\d+$/.test(stated) || Number(stated) === length) return undefined;
  // A parser may have decoded it.
  if (headers.get('content-encoding') !== null) return undefined;
  return `The body has ${length} bytes and its sender stated ${stated}: it was changed after it was received, for example parsed and serialised again. Pass the bytes as received.`;
}
