import type { Request, RequestHandler } from 'express';
import { admit, callerOf, type NodeGateOptions, nodeGate, sendPlainResponse } from './node/admit.ts';
import { createScopeCheck } from './server/gate.ts';
import type { Verifier } from './server/verify/verifier.ts';

export { callerOf } from './node/admit.ts';
export { keepRawBody } from './node/received.ts';
export type { Caller, GateOptions } from './server/gate.ts';

/**
 * What a gate requires of a request in addition to a valid signature, and whether it signs responses. `address` defaults to the
 * remote address of the socket.
 */
export type ExpressGateOptions = NodeGateOptions<Request>;

/**
 * Middleware for Express 5 and 4: passes verified requests on, and refuses others with problem details (RFC 9457). Install it
 * before body parsers: it leaves the body readable for them. `callerOf` returns the caller.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match.
 * @example
 * import { callerOf, protect } from 'countersign/express';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 * import express from 'express';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * const app = express().use(protect(verifier), express.json());
 * app.get('/me', (request, response) => void response.json(callerOf(request).principal));
 */
export function protect(verifier: Verifier, options: ExpressGateOptions = {}): RequestHandler {
  const gate = nodeGate(verifier, options);
  return (request, response, next) => {
    admit(gate, { request, response }).then((caller) => {
      if (caller) next();
    }, next);
  };
}

/**
 * Middleware for single routes, after {@link protect}: responds with 403 unless the caller's key has the scope, and reports the
 * refusal to the audit.
 *
 * @example
 * import { requireScope } from 'countersign/express';
 * import express from 'express';
 *
 * const app = express();
 * app.get('/orders', requireScope('orders:read'), (_, response) => void response.json([]));
 */
export function requireScope(scope: string): RequestHandler {
  const check = createScopeCheck(scope);
  return (request, response, next) => {
    check(callerOf(request)).then((refusal) => {
      if (refusal) sendPlainResponse(response, refusal);
      else next();
    }, next);
  };
}
