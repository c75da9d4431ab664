import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignatureError } from '../core/errors.ts';
import type { Cors } from '../server/response/cors.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verified } from '../server/verify/result.ts';
import { type Beginning, beginningOf, forwardedBody, tooLarge } from './forward-body.ts';
import { fieldsToBackend, fieldValues, type RawFields, withFields } from './forward-fields.ts';
import {
  type BackendResponse,
  responseHead,
  signResponse,
  streamResponse,
  type WholeResponse,
} from './forward-response.ts';
import type { IsForwardable, SignedFields } from './forwardable-fields.ts';
import { drainBody, toSignatureError } from './listener.ts';
import { bodyField, principalFields } from './principal-fields.ts';
import type { Head, Sending } from './upstream.ts';

/** What passing on works with. */
export type ForwardOptions = {
  readonly send: (head: Head) => Sending;
  /** Which headers are passed on, where the signature covers these. */
  readonly passable: (signed: SignedFields) => IsForwardable;
  readonly maxBodyBytes: number;
  readonly maxResponseBytes: number;
  readonly countersign: 'always' | 'never';
  readonly cors: Cors | undefined;
};

/** A verified request, and where it is answered. */
export type VerifiedExchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly verified: Verified<ReceivedRequest>;
  /** Of the request, but for those of the connection. */
  readonly fields: RawFields;
};

/** Passes a verified request on, and its answer back. */
export type Forward = (exchange: VerifiedExchange) => Promise<void>;

/** What is read whole before anything is passed on, in bytes. */
const small = 65_536;

/** Whether a body is so small, or absent, that the verifier may read it. */
export const maxBufferedBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= small;

/**
 * @throws SignatureError (what is returned) `body_too_large`, `missing_body_digest`, `body_digest_mismatch`, `body_interrupted`,
 * `upstream_unavailable`, `upstream_timeout`, `unsignable_response`
 */
export function createForward(parts: ForwardOptions): Forward {
  const { send, maxBodyBytes } = parts;
  return async (exchange) => {
    const { request, response, verified } = exchange;
    const bytes = bodyOf(exchange, maxBodyBytes);
    const beginning = await beginningOf(bytes, small);
    if (response.destroyed) return;
    const fields = [...fieldsOf(exchange, parts), ...framingOf(request, beginning)];
    const sending = send({ method: verified.request.method, target: verified.resolved.target, fields });
    response.once('close', () => {
      if (!response.writableFinished) sending.giveUp(callerGone());
    });
    const sent = sending.send(following(beginning, bytes)).catch((cause: unknown) => {
      sending.giveUp(toSignatureError(cause));
      throw cause;
    });
    // Whoever waits for the answer is told. A backend may have taken a part only.
    sent.catch(() => {}).finally(() => drainBody(request));
    try {
      await answer(await sending.answer, sent, { ...exchange, ...parts });
    } catch (cause) {
      // What a stream says when it is broken off is not why.
      const error = cause instanceof SignatureError ? cause : (sending.reason() ?? toSignatureError(cause));
      sending.giveUp(error);
      throw error;
    }
  };
}

const callerGone = (): SignatureError => new SignatureError('body_interrupted', 'The caller has gone.');

/** The body, its last piece held back until it is known to be right. */
function bodyOf({ request, verified }: VerifiedExchange, limit: number): AsyncGenerator<Uint8Array, void> {
  if (Number(request.headers['content-length'] ?? 0) > limit) tooLarge(limit);
  const { body } = verified.request;
  // That there are bytes does not tell that they are right: a parser may have kept them, or a scheme that proved nothing have
  // asked for them. A stream is not to be destroyed with its reader: its caller is still to be answered.
  const source = body instanceof Uint8Array ? only(body) : request.iterator({ destroyOnReturn: false });
  return forwardedBody(source, { signed: verified.expectedBody, limit });
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length) yield bytes;
}

async function* following(
  { pieces, whole }: Beginning,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
  if (!whole) yield* rest;
}

function fieldsOf(
  { request, verified, fields }: VerifiedExchange,
  { passable, countersign }: ForwardOptions,
): RawFields {
  const { httpVersion } = request;
  const principal = principalFields({ ...verified, body: bodyField(verified) });
  // What a caller checks are the bytes before any content coding.
  const asked = countersign === 'always' ? withFields(fields, { 'Accept-Encoding': 'identity' }) : fields;
  const isPassable = passable({ carriers: verified.signatureHeaders, covered: verified.signedHeaders });
  return fieldsToBackend({ fields: asked, httpVersion, isPassable, principal, resolved: verified.resolved });
}

/** How long the body is (RFC 9112 section 6.3), said anew: what is passed on is what was found to be the body here. */
function framingOf({ method = '', headers }: IncomingMessage, { pieces, whole }: Beginning): RawFields {
  if (whole) {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    // RFC 9110 section 8.6: of these a server expects one.
    return length || /^(?:POST|PUT|PATCH)$/.test(method) ? ['Content-Length', String(length)] : [];
  }
  const { 'content-length': declared } = headers;
  return declared === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', declared];
}

async function answer(
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
  // Nobody signs what came of a body that turns out to be another.
  await sent;
  end(response, { ...finished(whole, { request, cors }), body: whole.body });
}

function end(response: ServerResponse, { status, reason, fields, body }: WholeResponse): void {
  response.writeHead(status, reason, [...fields]);
  response.end(body);
}

type Finishing = { readonly request: IncomingMessage; readonly cors: Cors | undefined };

/** With what pages of other origins need of it. */
function finished(head: BackendResponse, { request, cors }: Finishing): BackendResponse {
  const present = { get: (name: string) => fieldValues(head.fields, name.toLowerCase()).join(', ') || null };
  const shared = cors?.share(request.headers.origin ?? null, present) ?? {};
  return { ...head, fields: withFields(head.fields, shared) };
}
