import type { IncomingMessage, ServerResponse } from 'node:http';
import { normaliseTarget } from '../core/address.ts';
import { isBytes } from '../core/body.ts';
import {
  type Caller,
  createGate,
  createScopeCheck,
  type GateOptions,
  type GatePass,
  requireCaller,
  requireHandler,
} from '../server/gate.ts';
import type { PlainResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { keepReadable } from './body-chunks.ts';
import { bufferResponse } from './buffer-response.ts';
import { onWriteHead } from './head.ts';
import { bytesKept, hasBody, type NodeRequest, type NodeResponse, receivedFromNode } from './received.ts';

/**
 * What a gate requires of a request in addition to a valid signature, and whether it signs responses. `address` defaults to the
 * remote address of the socket.
 */
export type NodeGateOptions<Incoming extends NodeRequest = IncomingMessage> = GateOptions<Incoming>;

/** Handles a verified request. */
export type NodeHandler<Incoming extends NodeRequest, Outgoing extends NodeResponse> = (
  request: Incoming,
  response: Outgoing,
  caller: Caller,
) => void | Promise<void>;

/**
 * Wraps a handler, so that it receives only verified requests. Other requests get a problem details response (RFC 9457). For
 * `createServer` of `node:http`, `node:https` and `node:http2`. Exceptions of the handler are passed on.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match.
 * @example
 * import { createServer } from 'node:http';
 * import { protect } from 'countersign/node';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * createServer(protect(verifier, (_, response, { principal }) => void response.end(principal.service))).listen(8080);
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

/**
 * Wraps a handler for {@link protect}: responds with 403 unless the caller's key has the scope, and reports the refusal to the
 * audit.
 *
 * @example
 * import type { IncomingMessage, ServerResponse } from 'node:http';
 * import { requireScope } from 'countersign/node';
 *
 * const readOrders = requireScope('orders:read', (_: IncomingMessage, response: ServerResponse) => void response.end('[]'));
 */
export function requireScope<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  scope: string,
  handler: NodeHandler<Incoming, Outgoing>,
): NodeHandler<Incoming, Outgoing> {
  const check = createScopeCheck(scope);
  return async (request, response, caller) => {
    const refusal = await check(caller);
    if (refusal) sendPlainResponse(response, refusal);
    else await handler(request, response, caller);
  };
}

/** A request and its response. */
export type NodeExchange<Incoming extends NodeRequest = IncomingMessage> = {
  readonly request: Incoming;
  readonly response: NodeResponse;
};

/**
 * Verifies one request, for Node frameworks without an adapter here. Returns the caller, or undefined if it has sent a response
 * itself: a refusal, or the response to a preflight. The body stays readable for later parsers.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match.
 * @example
 * import { createServer } from 'node:http';
 * import { admitNode } from 'countersign/node';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * createServer(async (request, response) => {
 *   const caller = await admitNode(verifier, { request, response });
 *   if (caller) response.end(caller.principal.service);
 * });
 */
export async function admitNode<Incoming extends NodeRequest = IncomingMessage>(
  verifier: Verifier,
  exchange: NodeExchange<Incoming>,
  options: NodeGateOptions<Incoming> = {},
): Promise<Caller | undefined> {
  return admit(nodeGate(verifier, options, 'admitNode()'), exchange);
}

/** Like {@link admitNode}, with an existing gate. */
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
 * Decides about one request. Returns its caller, or the response that the framework must send.
 *
 * @param source the framework's own request object, for the functions in the options.
 */
export type NodeGate<Source> = (exchange: NodeExchange<NodeRequest>, source: Source) => Promise<Caller | PlainResponse>;

/**
 * Creates the part that the adapters for Node share: it applies the decision of a gate to Node's request and response.
 *
 * @param where the function that error messages name.
 * @throws SignatureError `invalid_configuration`
 */
export function nodeGate<Source>(
  verifier: Verifier,
  options: GateOptions<Source>,
  where = 'protect()',
): NodeGate<Source> {
  const gate = createGate<Source>(verifier, options, where);
  return async ({ request, response }, source) => {
    const outgoing = response as ServerResponse;
    const passed = await gate({ request: receivedFromNode(request), source, peer: request.socket?.remoteAddress });
    if (passed.share) onWriteHead(outgoing, passed.share);
    if (!passed.ok) return (passed.preflight ? unread : refusal)(passed.response, request);
    respell(request, passed);
    keepReadable(request);
    if (isBytes(passed.request.body)) bytesKept.set(request, passed.request.body);
    for (const [name, value] of Object.entries(passed.headers)) outgoing.setHeader(name, value);
    if (passed.countersign) bufferResponse(outgoing, passed.countersign);
    admitted(request)[callerKey] = passed.caller;
    return passed.caller;
  };
}

/** Gives later handlers and routers the verified spelling of path and method. HTTP/2 allows methods in any case. */
function respell(request: NodeRequest, { target, request: verified }: GatePass<ReceivedRequest>): void {
  const { url = '', method } = request;
  if (method !== verified.method) Object.assign(request, { method: verified.method });
  // A mounted router has removed its mount path from `url`.
  if (!target.endsWith(url)) request.url = normaliseTarget(url);
}

/** Up to this size, in bytes, Node may read and discard the rest of a body. */
const maxDiscarded = 65_536;

/**
 * A refusal. If the body is short, Node reads and discards the rest. Closing the connection would reset it, and the response
 * could be lost for a proxy that is still sending.
 */
const refusal = (response: PlainResponse, request: NodeRequest): PlainResponse =>
  Number(request.headers['content-length']) <= maxDiscarded ? response : unread(response, request);

/** Closes the connection if the body was not read: the rest is not awaited, so the connection cannot be reused. */
function unread(response: PlainResponse, request: NodeRequest): PlainResponse {
  const open = hasBody(request) && !request.complete && request.httpVersionMajor === 1;
  return open ? { ...response, headers: { ...response.headers, Connection: 'close' } } : response;
}

// Stored on the request itself: one WeakMap entry per request is expensive for the garbage collector.
const callerKey: unique symbol = Symbol('countersign caller');
const admitted = (request: NodeRequest) => request as NodeRequest & { [callerKey]?: Caller };

/**
 * The caller of a request that passed a gate.
 *
 * @throws SignatureError `invalid_configuration` (500) if the request was not verified.
 * @example
 * import type { IncomingMessage } from 'node:http';
 * import { callerOf } from 'countersign/node';
 *
 * const serviceOf = (request: IncomingMessage) => callerOf(request).principal.service;
 */
export const callerOf = (request: NodeRequest): Caller => requireCaller(admitted(request)[callerKey]);

/** Sends a response of the verifier. */
export function sendPlainResponse(response: NodeResponse, { status, headers, body }: PlainResponse): void {
  const outgoing = response as ServerResponse;
  outgoing.statusCode = status;
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.end(body);
}
