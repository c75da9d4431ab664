import type { IncomingMessage, ServerResponse } from 'node:http';
import { normaliseTarget } from '../core/address.ts';
import {
  type Caller,
  createGate,
  type GateOptions,
  type GatePass,
  refuseWithoutScope,
  requireCaller,
  requireHandler,
} from '../server/gate.ts';
import type { PlainResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { bufferResponse } from './buffer-response.ts';
import { onWriteHead } from './head.ts';
import { bytesKept, hasBody, type NodeRequest, type NodeResponse, receivedFromNode } from './received.ts';

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
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export function protect<Incoming extends NodeRequest = IncomingMessage, Outgoing extends NodeResponse = ServerResponse>(
  verifier: Verifier,
  handler: NodeHandler<Incoming, Outgoing>,
  options: NodeGateOptions<Incoming> = {},
): (request: Incoming, response: Outgoing) => Promise<void> {
  const gate = nodeGate(verifier, options);
  requireHandler(handler);
  return (request, response) =>
    admit(gate, { request, response }).then((caller) => (caller ? handler(request, response, caller) : undefined));
}

/** A handler for {@link protect} that sends 403 unless the caller's key has the scope, and tells the audit. */
export function requireScope<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  scope: string,
  handler: NodeHandler<Incoming, Outgoing>,
): NodeHandler<Incoming, Outgoing> {
  return async (request, response, caller) => {
    const refusal = await refuseWithoutScope(caller, scope);
    if (refusal) sendPlainResponse(response, refusal);
    else await handler(request, response, caller);
  };
}

/** A request, and where it is answered. */
export type NodeExchange<Incoming extends NodeRequest = IncomingMessage> = {
  readonly request: Incoming;
  readonly response: NodeResponse;
};

/**
 * Judges one request, for frameworks on Node that have no adapter here: the caller of a verified one, undefined for one that has
 * been answered, with a refusal or as a preflight. The body stays readable, by parsers that come later too.
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export async function admitNode<Incoming extends NodeRequest = IncomingMessage>(
  verifier: Verifier,
  exchange: NodeExchange<Incoming>,
  options: NodeGateOptions<Incoming> = {},
): Promise<Caller | undefined> {
  return admit(nodeGate(verifier, options), exchange);
}

/** As {@link admitNode}, with a gate that exists already. */
export async function admit<Incoming extends NodeRequest>(
  gate: NodeGate<Incoming>,
  exchange: NodeExchange<Incoming>,
): Promise<Caller | undefined> {
  const passed = await gate(exchange, exchange.request);
  if (!('status' in passed)) return passed;
  sendPlainResponse(exchange.response, passed);
  return undefined;
}

/**
 * Decides about one request: returns its caller, or the response that the framework is to send.
 *
 * @param source the request as the framework has it, for the functions among the options.
 */
export type NodeGate<Source> = (exchange: NodeExchange<NodeRequest>, source: Source) => Promise<Caller | PlainResponse>;

/**
 * Makes what the adapters for Node share: it applies the decision of a gate to Node's request and response.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function nodeGate<Source>(verifier: Verifier, options: GateOptions<Source>): NodeGate<Source> {
  const gate = createGate<Source>(verifier, options, 'The gate');
  return async ({ request, response }, source) => {
    const outgoing = response as ServerResponse;
    const passed = await gate({ request: receivedFromNode(request), source, peer: request.socket.remoteAddress });
    if (passed.share) onWriteHead(outgoing, passed.share);
    if (!passed.ok) return (passed.preflight ? unread : refusal)(passed.response, request);
    respell(request, passed);
    if (passed.request.body instanceof Uint8Array) bytesKept.set(request, passed.request.body);
    for (const [name, value] of Object.entries(passed.headers)) outgoing.setHeader(name, value);
    if (passed.countersign) bufferResponse(outgoing, passed.countersign);
    admitted(request)[callerKey] = passed.caller;
    return passed.caller;
  };
}

/** Gives later handlers and routers the verified spelling of path and method. HTTP/2 carries methods in any case. */
function respell(request: NodeRequest, { target, request: verified }: GatePass<ReceivedRequest>): void {
  const { url = '', method } = request;
  if (method !== verified.method) Object.assign(request, { method: verified.method });
  // A mounted router has taken the path off under which it is mounted.
  if (!target.endsWith(url)) request.url = normaliseTarget(url);
}

/** What Node may read of a body for nothing, in bytes. */
const wasted = 65_536;

/**
 * A refusal. What is left of a short body Node reads, and drops: who closes before all has come resets the connection, and the
 * answer may be lost on its way to a proxy that is still sending.
 */
const refusal = (reply: PlainResponse, request: NodeRequest): PlainResponse =>
  Number(request.headers['content-length']) <= wasted ? reply : unread(reply, request);

/** What is left of a body is not waited for, and so nothing can follow it on this connection. */
function unread(reply: PlainResponse, request: NodeRequest): PlainResponse {
  const open = hasBody(request) && !request.complete && request.httpVersionMajor === 1;
  return open ? { ...reply, headers: { ...reply.headers, Connection: 'close' } } : reply;
}

// On the request itself: a WeakMap with an entry for each is dear for the garbage collector.
const callerKey: unique symbol = Symbol('countersign caller');
const admitted = (request: NodeRequest) => request as NodeRequest & { [callerKey]?: Caller };

/**
 * Who has signed a request that a gate has let through.
 *
 * @throws SignatureError `invalid_configuration` (500) where no gate has.
 */
export const callerOf = (request: NodeRequest): Caller => requireCaller(admitted(request)[callerKey]);

/** Writes a reply of the verifier's. */
export function sendPlainResponse(response: NodeResponse, { status, headers, body }: PlainResponse): void {
  const outgoing = response as ServerResponse;
  outgoing.statusCode = status;
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.end(body);
}
