import { type Caller, createGate, createScopeCheck, type GateOptions, requireHandler } from './gate.ts';
import { toResponse } from './response/refusal-response.ts';
import type { Verifier } from './verify/verifier.ts';

/** Handles a verified request. Exceptions are passed on to the caller of the protected handler. */
export type ProtectedHandler = (request: Request, caller: Caller) => Response | Promise<Response>;

/** The options of {@link protect}. */
export type ProtectOptions = GateOptions<Request>;

/**
 * Wraps a web handler (Request in, Response out), so that it receives only verified requests. Other requests get a problem
 * details response (RFC 9457). For Workers, Deno.serve, Bun.serve, Next.js route handlers and similar.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match.
 * @example
 * import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * export const fetch = protect(verifier, (request, { principal }) => Response.json({ hello: principal.service }));
 */
export function protect(
  verifier: Verifier,
  handler: ProtectedHandler,
  options: ProtectOptions = {},
): (request: Request) => Promise<Response> {
  const gate = createGate<Request>(verifier, options, 'protect()');
  requireHandler(handler);
  return async (request) => {
    const passed = await gate({ request, source: request });
    const response = passed.ok
      ? withHeaders(await handler(passed.request, passed.caller), passed.headers)
      : toResponse(passed.response);
    const shared = passed.share ? withHeaders(response, passed.share(response.headers)) : response;
    return passed.ok && passed.countersign ? passed.countersign(shared) : shared;
  };
}

/**
 * Wraps a handler for {@link protect}: responds with 403 unless the caller's key has the scope, and reports the refusal to the
 * audit.
 *
 * @throws SignatureError `invalid_configuration` (500), from the handler, if the request was not verified.
 * @example
 * import { requireScope } from 'countersign/server';
 *
 * const readOrders = requireScope('orders:read', () => Response.json([]));
 */
export function requireScope(scope: string, handler: ProtectedHandler): ProtectedHandler {
  const check = createScopeCheck(scope);
  return async (request, caller) => {
    const refusal = await check(caller);
    return refusal ? toResponse(refusal) : handler(request, caller);
  };
}

/** Adds headers to a response. Deletes those whose value is undefined. */
function withHeaders(given: Response, headers: Readonly<Record<string, string | undefined>>): Response {
  const changed = Object.entries(headers);
  if (!changed.length) return given;
  // Some responses have immutable headers, such as those of fetch.
  const response = new Response(given.body, given);
  for (const [name, value] of changed) {
    if (value === undefined) response.headers.delete(name);
    else response.headers.set(name, value);
  }
  return response;
}
