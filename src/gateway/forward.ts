import type { IncomingMessage, ServerResponse } from 'node:http';
import { isBytes } from '../core/body.ts';
import { SignatureError } from '../core/errors.ts';
import type { Cors } from '../server/response/cors.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verified } from '../server/verify/result.ts';
import { type Beginning, forwardedBody, readBeginning, tooLarge } from './forward-body.ts';
import { fieldsToBackend, fieldValues, type RawFields, withFields } from './forward-fields.ts';
import {
  type BackendResponse,
  responseHead,
  signResponse,
  streamResponse,
  type WholeResponse,
} from './forward-response.ts';
import type { IsForwardable, SignedFields } from './forwarding-allow-list.ts';
import { drainBody, toSignatureError } from './listener.ts';
import { bodyField, principalFields } from './principal-fields.ts';
import type { Head, Sending } from './upstream.ts';

/** What forwarding needs. */
export type ForwardOptions = {
  readonly send: (head: Head) => Sending;
  /** Creates the filter for headers, from what the signature covers. */
  readonly passable: (signed: SignedFields) => IsForwardable;
  readonly maxBodyBytes: number;
  readonly maxResponseBytes: number;
  readonly countersign: 'always' | 'never';
  readonly cors: Cors | undefined;
};

/** A verified request, and the response to send. */
export type VerifiedExchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly verified: Verified<ReceivedRequest>;
  /** The fields of the request, without hop-by-hop fields. */
  readonly fields: RawFields;
};

/** Forwards a verified request to the backend, and the response to the caller. */
export type Forward = (exchange: VerifiedExchange) => Promise<void>;

/** Up to this size, in bytes, a body is read completely before anything is forwarded. */
const small = 65_536;

/** True if the body is absent or small enough that the verifier may read it. */
export const hasSmallBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= small;

/**
 * @throws SignatureError `body_too_large`, `missing_body_digest`, `body_digest_mismatch`, `body_interrupted`,
 * `upstream_unavailable`, `upstream_timeout`, `unsignable_response`, from the returned function.
 */
export function createForward(parts: ForwardOptions): Forward {
  const { send, maxBodyBytes } = parts;
  return async (exchange) => {
    const { request, response, verified } = exchange;
    const bytes = bodyOf(exchange, maxBodyBytes);
    const beginning = await readBeginning(bytes, small);
    if (response.destroyed) return;
    const fields = [...fieldsOf(exchange, parts), ...framingOf(request, beginning)];
    const sending = send({ method: verified.request.method, target: verified.resolved.target, fields });
    response.once('close', () => {
      if (!response.writableFinished) sending.giveUp(callerGone());
    });
    const sent = sending.send(chunksOf(beginning, bytes)).catch((cause: unknown) => {
      sending.giveUp(toSignatureError(cause));
      throw cause;
    });
    // The error is reported through the response. The backend may have read a part of the body only.
    sent.catch(() => {}).finally(() => drainBody(request));
    try {
      await respond(await sending.response, sent, { ...exchange, ...parts });
    } catch (cause) {
      // The error of a destroyed stream is not the reason why it was destroyed.
      const error = cause instanceof SignatureError ? cause : (sending.reason() ?? toSignatureError(cause));
      sending.giveUp(error);
      throw error;
    }
  };
}

const callerGone = (): SignatureError => new SignatureError('body_interrupted', 'The caller closed the connection.');

/** The body, its last chunk held back until it is verified. */
function bodyOf({ request, verified }: VerifiedExchange, limit: number): AsyncGenerator<Uint8Array, void> {
  if (Number(request.headers['content-length'] ?? 0) > limit) tooLarge(limit);
  const { body } = verified.request;
  // Bytes in memory are not necessarily verified: a parser may have kept them, or a scheme that did not match may have read
  // them. A stream must not be destroyed with its reader: the caller still needs a response.
  const source = isBytes(body) ? only(body) : request.iterator({ destroyOnReturn: false });
  return forwardedBody(source, { signed: verified.expectedBody, limit });
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length) yield bytes;
}

async function* chunksOf(
  { chunks, complete }: Beginning,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
  if (!complete) yield* rest;
}

function fieldsOf(
  { request, verified, fields }: VerifiedExchange,
  { passable, countersign }: ForwardOptions,
): RawFields {
  const { httpVersion } = request;
  const principal = principalFields({ ...verified, body: bodyField(verified) });
  // The caller verifies the bytes before any content coding.
  const asked = countersign === 'always' ? withFields(fields, { 'Accept-Encoding': 'identity' }) : fields;
  const isPassable = passable({ carriers: verified.signatureHeaders, covered: verified.signedHeaders });
  return fieldsToBackend({ fields: asked, httpVersion, isPassable, principal, resolved: verified.resolved });
}

/** The framing of the body (RFC 9112 section 6.3), set anew: the backend must read the body exactly as it was read here. */
function framingOf({ method = '', headers }: IncomingMessage, { chunks, complete }: Beginning): RawFields {
  if (complete) {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    // RFC 9110 section 8.6: servers expect a Content-Length with these methods.
    return length || /^(?:POST|PUT|PATCH)$/.test(method) ? ['Content-Length', String(length)] : [];
  }
  const { 'content-length': declared } = headers;
  return declared === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', declared];
}

async function respond(
  incoming: IncomingMessage,
  sent: Promise<void>,
  { request, response, verified, maxResponseBytes, countersign, cors }: VerifiedExchange & ForwardOptions,
): Promise<void> {
  const given = responseHead(incoming);
  const plain = { ...given, fields: withFields(given.fields, verified.headers) };
  if (countersign === 'never') return streamResponse(incoming, response, finished(plain, { request, cors }));
  const { method = '' } = request;
  const whole = await signResponse(incoming, plain, {
    method,
    limit: maxResponseBytes,
    countersign: verified.countersign,
  });
  // Wait until the body is verified: the response to a modified body must not be signed.
  await sent;
  end(response, { ...finished(whole, { request, cors }), body: whole.body });
}

function end(response: ServerResponse, { status, reason, fields, body }: WholeResponse): void {
  response.writeHead(status, reason, [...fields]);
  response.end(body);
}

type Finishing = { readonly request: IncomingMessage; readonly cors: Cors | undefined };

/** Adds the CORS fields. */
function finished(head: BackendResponse, { request, cors }: Finishing): BackendResponse {
  const present = { get: (name: string) => fieldValues(head.fields, name.toLowerCase()).join(', ') || null };
  const shared = cors?.share(request.headers.origin ?? null, present) ?? {};
  return { ...head, fields: withFields(head.fields, shared) };
}
