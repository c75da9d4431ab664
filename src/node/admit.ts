import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, contextOf, type GateOptions } from '../server/gate.ts';
import type { Reply } from '../server/reply.ts';
import { verifiedCaller } from '../server/scope-refusal.ts';
import type { Verifier } from '../server/verifier.ts';
import { holdAnswer } from './held-answer.ts';
import { bytesKept, type NodeRequest, type NodeResponse, receivedFromNode } from './received.ts';

/**
 * What a gate asks of a request beside a valid signature, and whether it signs the answers. `address` is the socket's other end
 * by default.
 */
export type NodeGateOptions<Incoming extends NodeRequest = IncomingMessage> = GateOptions<Incoming>;

/** Answers a verified request. */
export type NodeHandler<Incoming extends NodeRequest, Outgoing extends NodeResponse> = (
  request: Incoming,
  response: Outgoing,
  caller: Caller,
) => void | Promise<void>;

/**
 * A listener that only lets verified requests through to `handler`, and answers the others itself with problem details
 * (RFC 9457). For `createServer` of `node:http`, `node:https` and `node:http2`. What the handler throws is thrown on.
 */
export function protectNode<
  Incoming extends NodeRequest = IncomingMessage,
  Outgoing extends NodeResponse = ServerResponse,
>(
  verifier: Verifier,
  handler: NodeHandler<Incoming, Outgoing>,
  options: NodeGateOptions<Incoming> = {},
): (request: Incoming, response: Outgoing) => Promise<void> {
  return async (request, response) => {
    const caller = await admitNode(verifier, { request, response }, options);
    if (caller) await handler(request, response, caller);
  };
}

/** A request, and where it is answered. */
export type NodeExchange<Incoming extends NodeRequest = IncomingMessage> = {
  readonly request: Incoming;
  readonly response: NodeResponse;
};

/**
 * Judges one request, for frameworks on Node that have no adapter here: the caller of a verified one, undefined for one that has
 * been answered with a refusal. The body stays readable, by parsers that come later too.
 */
export async function admitNode<Incoming extends NodeRequest = IncomingMessage>(
  verifier: Verifier,
  exchange: NodeExchange<Incoming>,
  options: NodeGateOptions<Incoming> = {},
): Promise<Caller | undefined> {
  const { refusal } = await judgeNode(verifier, exchange, options);
  if (refusal) sendReply(exchange.response, refusal);
  return callers.get(exchange.request);
}

/** As {@link admitNode}, but leaves it to the framework to send a refusal. */
export async function judgeNode<Incoming extends NodeRequest>(
  verifier: Verifier,
  { request, response }: NodeExchange<Incoming>,
  options: NodeGateOptions<Incoming>,
): Promise<{ readonly refusal?: Reply }> {
  const { countersign = 'never', address = ({ socket }) => socket.remoteAddress } = options;
  const result = await verifier.verify(receivedFromNode(request), contextOf(request, { ...options, address }));
  if (!result.ok) {
    // What is left of the body is not waited for, and so nothing can follow it on this connection.
    if (!request.complete && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
    return { refusal: result.reply };
  }
  const { principal, body } = result;
  if (result.request.body instanceof Uint8Array) bytesKept.set(request, result.request.body);
  for (const [name, value] of Object.entries(result.headers)) response.setHeader(name, value);
  if (countersign === 'always') holdAnswer(response as ServerResponse, result.countersign);
  callers.set(request, { principal, body });
  return {};
}

const callers = new WeakMap<object, Caller>();

/**
 * Who has signed a request that a gate has let through.
 *
 * @throws SignatureError `invalid_configuration` (500) where no gate has.
 */
export const callerOf = (request: NodeRequest): Caller => verifiedCaller(callers.get(request));

/** Writes a reply of the verifier's. */
export function sendReply(response: NodeResponse, { status, headers, body }: Reply): void {
  const outgoing = response as ServerResponse;
  outgoing.statusCode = status;
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.end(body);
}
