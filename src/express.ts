import type { Request, RequestHandler } from 'express';
import { admit, callerOf, type NodeGateOptions, nodeGate, sendPlainResponse } from './node/admit.ts';
import { refuseWithoutScope } from './server/gate.ts';
import type { Verifier } from './server/verify/verifier.ts';

export { callerOf } from './node/admit.ts';
export { keepRawBody } from './node/received.ts';
export type { Caller, GateOptions } from './server/gate.ts';

/**
 * What a gate asks of a request beside a valid signature, and whether it signs the answers. `address` is the socket's other end
 * by default.
 */
export type ExpressGateOptions = NodeGateOptions<Request>;

/**
 * Middleware for Express 5 and 4 that only lets verified requests through, and answers the others itself with problem details
 * (RFC 9457). Install it before body parsers, which find the body untouched; `callerOf` tells who has signed.
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export function protect(verifier: Verifier, options: ExpressGateOptions = {}): RequestHandler {
  const gate = nodeGate(verifier, options);
  return (request, response, next) => {
    admit(gate, { request, response }).then((caller) => {
      if (caller) next();
    }, next);
  };
}

/** Middleware for single routes, after {@link protect}: answers 403 unless the caller's key has the scope, and tells the audit. */
export function requireScope(scope: string): RequestHandler {
  return (request, response, next) => {
    refuseWithoutScope(callerOf(request), scope).then((refusal) => {
      if (refusal) sendPlainResponse(response, refusal);
      else next();
    }, next);
  };
}
