import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { HeaderView } from '../core/message.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { readChunks } from './body-chunks.ts';

/** A request as `node:http`, `node:https` and the compatibility API of `node:http2` hand it to a listener. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** The answer beside it. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Bodies that have been read, and can be handed out again. */
export const bytesKept: WeakMap<object, Uint8Array> = new WeakMap();

/**
 * Keeps the bytes of a body that is parsed before it is verified: for the option `verify` of Express's body parsers, as in
 * `express.json({ verify: keepRawBody })`. A body with a content coding arrives here decoded, and is not kept.
 */
export function keepRawBody(request: IncomingMessage, _response: ServerResponse, bytes: Uint8Array): void {
  if (/^(?:identity)?$/i.test(request.headers['content-encoding'] ?? '')) bytesKept.set(request, bytes);
}

/** What a verifier needs of a request of Node's. The body is not touched before the verifier asks for it, and can be read again. */
export function receivedFromNode(request: NodeRequest): ReceivedRequest {
  const {
    socket,
    method = '',
    url = '',
    originalUrl,
  } = request as IncomingMessage & { readonly originalUrl?: unknown };
  const headers = headerView(request.rawHeaders);
  return {
    method,
    authority: authorityOf(request, headers),
    // Routers as Express's and Connect's take the path off `url` under which they are mounted.
    target: typeof originalUrl === 'string' ? originalUrl : url,
    scheme: 'encrypted' in socket && socket.encrypted ? 'https' : 'http',
    headers,
    ...bodyOf(request as IncomingMessage),
  };
}

/** How many names are compared before a map of all of them is made. */
const compared = 2048;

/**
 * By what Node calls raw, names and values in turn: its `headers` drop what is repeated of some fields, and join others. Looked
 * through each time, because to make a map of all of them costs more than to find the few that are asked for; not so where
 * a stranger sends many fields and signs many.
 */
export function headerView(rawHeaders: readonly string[]): HeaderView {
  let left = compared;
  let all: ReadonlyMap<string, readonly string[]> | undefined;
  function map(): typeof all {
    left -= rawHeaders.length / 2;
    if (left < 0) all ??= linesByName(rawHeaders);
    return all;
  }
  return {
    get(name) {
      const wanted = name.toLowerCase();
      // HTTP/2 may split cookies, and what reads them joins them so: RFC 9113 section 8.2.3.
      const separator = wanted === 'cookie' ? '; ' : ', ';
      const mapped = map();
      if (mapped) return mapped.get(wanted)?.join(separator) ?? null;
      let found: string | null = null;
      for (let i = 0; i < rawHeaders.length; i += 2) {
        if (!isNamed(rawHeaders[i], wanted)) continue;
        const line = rawHeaders[i + 1] ?? '';
        found = found === null ? line : found + separator + line;
      }
      return found;
    },
    keys: () =>
      new Set(rawHeaders.filter((name, i) => i % 2 === 0 && !isPseudo(name)).map((name) => name.toLowerCase())),
    lines(name) {
      const wanted = name.toLowerCase();
      const mapped = map();
      if (mapped) return mapped.get(wanted) ?? [];
      return rawHeaders.filter((_, i) => i % 2 === 1 && isNamed(rawHeaders[i - 1], wanted));
    },
  };
}

function linesByName(rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const lines = all.get(name) ?? [];
    lines.push(rawHeaders[i + 1] ?? '');
    if (!isPseudo(name)) all.set(name, lines);
  }
  return all;
}

// Lengths first: they tell most names apart.
const isNamed = (name = '', wanted: string): boolean =>
  name.length === wanted.length && (name === wanted || name.toLowerCase() === wanted) && !isPseudo(name);

/** HTTP/2 has the method and the like among the headers. */
const isPseudo = (name: string): boolean => name.startsWith(':');

/** Two that differ are joined, which is no authority: nobody may choose between them (RFC 9112 section 3.2, RFC 9113 section 8.3.1). */
function authorityOf(request: NodeRequest, { get, lines }: HeaderView): string {
  const pseudo = 'authority' in request ? request.authority : undefined;
  if (!pseudo) return get('host') ?? '';
  const others = lines?.('host').filter((host) => host !== pseudo) ?? [];
  return [pseudo, ...others].join(', ');
}

function bodyOf(request: IncomingMessage): Pick<ReceivedRequest, 'body' | 'bodyUsed'> {
  const kept = bytesKept.get(request);
  if (kept) return { body: kept };
  if (!hasBody(request)) return {};
  if (!request.readableDidRead && request.readableEncoding === null) return { body: readChunks(request) };
  const { body } = request as { readonly body?: unknown };
  // The bytes of a parser that only collects them, or what the verifier refuses as parsed.
  return body === undefined || body === null ? { bodyUsed: true } : { body: body as Uint8Array };
}

/** Whether a body follows: RFC 9112 section 6.3; in HTTP/2 the headers say it themselves. */
export function hasBody(request: IncomingMessage | Http2ServerRequest): boolean {
  if ('stream' in request && request.stream) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
