import { type Caller, createGate, type GateOptions, refuseWithoutScope } from './gate.ts';
import { toResponse } from './response/refusal-response.ts';
import type { Verifier } from './verify/verifier.ts';

/** Handles a verified request. What it throws is thrown on. */
export type ProtectedHandler = (request: Request, caller: Caller) => Response | Promise<Response>;

/** The options of {@link protect}. */
export type ProtectOptions = GateOptions<Request>;

/**
 * A web handler (Request in, Response out) that only lets verified requests through to `handler`, and responds to the others
 * itself with problem details (RFC 9457). For Workers, Deno.serve, Bun.serve, Next.js route handlers and the like.
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export function protect(
  verifier: Verifier,
  handler: ProtectedHandler,
  options: ProtectOptions = {},
): (request: Request) => Promise<Response> {
  const gate = createGate<Request>(verifier, options, 'protect()');
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
 * A handler for {@link protect} that responds with 403 unless the caller's key has the scope, and reports it to the audit.
 *
 * @throws SignatureError (the handler) `invalid_configuration` (500) if nothing has verified the request.
 */
export function requireScope(scope: string, handler: ProtectedHandler): ProtectedHandler {
  return async (request, caller) => {
    const refusal = await refuseWithoutScope(caller, scope);
    return refusal ? toResponse(refusal) : handler(request, caller);
  };
}

/** The response with further headers, and without those that are undefined. */
function withHeaders(given: Response, headers: Readonly<Record<string, string | undefined>>): Response {
  const changed = Object.entries(headers);
  if (!changed.length) return given;
  // The headers of some responses cannot be changed, such as those of fetch.
  const response = new Response(given.body, given);
  for (const [name, value] of changed) {
    if (value === undefined) response.headers.delete(name);
    else response.headers.set(name, value);
  }
  return response;
}
