import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { isBytes } from '../core/body.ts';
import { fail } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { readChunks } from './body-chunks.ts';

/** A request as `node:http`, `node:https` and the compatibility API of `node:http2` hand it to a listener. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** The response for a {@link NodeRequest}. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Bodies that were read, by request, so that they can be read again. */
export const bytesKept: WeakMap<object, Uint8Array> = new WeakMap();

/**
 * Keeps the bytes of a body that is parsed before it is verified. Pass it as the option `verify` of Express's body parsers. A body
 * with a content coding is already decoded here, and is not kept.
 *
 * @example
 * import { keepRawBody } from 'countersign/express';
 * import express from 'express';
 *
 * const app = express().use(express.json({ verify: keepRawBody }));
 */
export function keepRawBody(request: IncomingMessage, _response: ServerResponse, bytes: Uint8Array): void {
  if (isUncoded(request)) bytesKept.set(request, bytes);
}

/** Options of `receivedFromNode`. */
export type ReceivedFromNodeOptions = {
  /** The bytes of the body as received, if they were read before. @default the body of the request */
  readonly body?: Uint8Array;
};

const names: OptionNames<ReceivedFromNodeOptions> = { body: true };

/**
 * Converts a request of Node for a verifier. The body is not read until the verifier asks for it, and stays readable.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option.
 * @example
 * import { createServer } from 'node:http';
 * import { receivedFromNode } from 'countersign/node';
 *
 * createServer((request, response) => void response.end(receivedFromNode(request).target));
 */
export function receivedFromNode(request: NodeRequest, options?: ReceivedFromNodeOptions): ReceivedRequest {
  if (options) requireKnownOptions(options, names, 'receivedFromNode()');
  const {
    socket,
    method = '',
    url = '',
    originalUrl,
  } = request as IncomingMessage & { readonly originalUrl?: unknown };
  const all = headerView(linesOf(request));
  return {
    method,
    authority: authorityOf(request, all),
    // Mounted routers (Express, Connect) remove their mount path from `url`.
    target: typeof originalUrl === 'string' ? originalUrl : url,
    scheme: isEncrypted(socket) ? 'https' : 'http',
    headers: hasLostHeaders(request) ? lostHeaders : all,
    ...(options?.body ? { body: options.body } : bodyOf(request as IncomingMessage)),
  };
}

// A request that a library built from the event of a serverless function has no socket of Node's.
const isEncrypted = (socket: unknown): boolean =>
  typeof socket === 'object' && socket !== null && 'encrypted' in socket && socket.encrypted === true;

/** Node's own limit of header lines, where the server states none. */
const mostLines = 1000;

/**
 * Whether Node may have dropped header lines. Node 20 drops those above a limit and goes on, where newer versions respond with 431:
 * a signed header or the length of a body is then there for its parser, and not for the verifier.
 */
export function hasLostHeaders({ rawHeaders, socket, httpVersionMajor }: NodeRequest): boolean {
  if (httpVersionMajor !== 1 || rawHeaders.length < 16) return false;
  const { server } = (socket ?? {}) as { readonly server?: { readonly maxHeadersCount?: number | null } };
  const limit = server?.maxHeadersCount ?? mostLines;
  return limit > 0 && rawHeaders.length >= 2 * limit;
}

/** @throws SignatureError `malformed_field` */
export const refuseLost = (): never =>
  fail('malformed_field', 'The request has too many header lines: some may be lost.');

/** Refuses the request as soon as anything reads a header. */
const lostHeaders: HeaderView = { get: refuseLost, keys: refuseLost, lines: refuseLost };

/**
 * The header fields, names and values alternating. Libraries that build a request from an event may set only `headers`.
 */
function linesOf({ rawHeaders, headers }: NodeRequest): readonly string[] {
  return rawHeaders.length ? rawHeaders : listLines(headers);
}

/** Lists header lines, names and values alternating. Events read from JSON have numbers and null among the values. */
export const listLines = (headers: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((line) => [name, String(line ?? '')]),
  );

/** How many name comparisons are made before a map of all headers is built. */
const maxCompared = 2048;

/**
 * A view of `rawHeaders` (names and values alternating). Node's `headers` drops repetitions of some fields and joins others. A
 * linear search is faster than a map for the few fields that are usually needed; the map bounds the cost if a request has and
 * signs many fields.
 */
export function headerView(rawHeaders: readonly string[]): HeaderView {
  let left = maxCompared;
  let all: ReadonlyMap<string, readonly string[]> | undefined;
  function map(): typeof all {
    left -= rawHeaders.length / 2;
    if (left < 0) all ??= linesByName(rawHeaders);
    return all;
  }
  return {
    get(name) {
      const wanted = name.toLowerCase();
      // HTTP/2 may split cookies; recipients join them with '; ' (RFC 9113 section 8.2.3).
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

// The length is compared first: it differs for most names.
const isNamed = (name = '', wanted: string): boolean =>
  name.length === wanted.length && (name === wanted || name.toLowerCase() === wanted) && !isPseudo(name);

/** HTTP/2 has method, path and so on as pseudo-headers. */
const isPseudo = (name: string): boolean => name.startsWith(':');

/** Two different hosts are joined, which is not a valid authority, so that neither is chosen (RFC 9112 section 3.2, RFC 9113 section 8.3.1). */
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
  const { rawBody, body } = request as { readonly rawBody?: unknown; readonly body?: unknown };
  const whole = [rawBody, body].find((one) => isWholeBody(request, one));
  if (whole) return { body: whole as Uint8Array };
  // A parsed body, which the verifier refuses with a message of its own.
  return body === undefined || body === null || isBytes(body) ? { bodyUsed: true } : { body: body as Uint8Array };
}

/**
 * True for the bytes that a parser has kept, as in `rawBody` of Google Cloud Functions and NestJS, if they are the body as sent:
 * complete, not decoded, and as long as the request says.
 */
function isWholeBody(request: IncomingMessage, kept: unknown): boolean {
  const length = request.headers['content-length'];
  return (
    isBytes(kept) &&
    // More could follow, which a later reader would take for part of the body.
    request.readableEnded &&
    isUncoded(request) &&
    (length === undefined || Number(length) === kept.length)
  );
}

const isUncoded = ({ headers }: IncomingMessage): boolean => /^(?:identity)?$/i.test(headers['content-encoding'] ?? '');

/** True if the request has a body (RFC 9112 section 6.3). In HTTP/2 the headers frame carries a flag for this. */
export function hasBody(request: IncomingMessage | Http2ServerRequest): boolean {
  if ('stream' in request && request.stream) return !request.stream.endAfterHeaders;
  const { headers } = request;
  // serverless-http sets the length as a number.
  return headers['transfer-encoding'] !== undefined || String(headers['content-length'] ?? '0') !== '0';
}
