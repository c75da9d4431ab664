import type { Context, MiddlewareHandler } from 'hono';
import { SignatureError } from './core/errors.ts';
import { isMisspelt, receivedFromHono, replaceRequest } from './node/hono-request.ts';
import { type Caller, createGate, createScopeCheck, type GateOptions } from './server/gate.ts';
import { errorResponse, toResponse } from './server/response/refusal-response.ts';
import type { Verifier } from './server/verify/verifier.ts';

export type { Caller, GateOptions } from './server/gate.ts';

/** What a gate requires of a request in addition to a valid signature, and whether it signs responses. */
export type HonoGateOptions = GateOptions<Context>;

/** For `new Hono<SignedEnv>()`, or `Hono<SignedEnv & { Bindings: … }>`: types the caller as `c.var.caller`. */
export type SignedEnv = { Variables: { caller: Caller } };

/**
 * Middleware for Hono: passes verified requests on, and refuses others with problem details (RFC 9457). The body stays readable.
 *
 * @param verifier the verifier, or a function that returns it for a context: on Workers, secrets are in `c.env`. The function is
 * called for every request, so let it create the verifier once and cache it.
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match. With a
 * function, it is thrown when the first request arrives.
 * @example
 * import { protect, type SignedEnv } from 'countersign/hono';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 * import { Hono } from 'hono';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * const app = new Hono<SignedEnv>().use(protect(verifier));
 * app.get('/me', (c) => c.json(c.var.caller.principal));
 */
export function protect(
  verifier: Verifier | ((context: Context) => Verifier),
  options?: HonoGateOptions,
): MiddlewareHandler<SignedEnv>;
/** For an app with `Bindings`: `protect<SignedEnv & { Bindings: … }>((c) => …)` types `c.env`. */
export function protect<Of extends SignedEnv>(
  verifier: Verifier | ((context: Context<Of>) => Verifier),
  options?: GateOptions<Context<Of>>,
): MiddlewareHandler<Of>;
export function protect(
  verifier: Verifier | ((context: Context) => Verifier),
  options: HonoGateOptions = {},
): MiddlewareHandler<SignedEnv> {
  if (typeof verifier !== 'function') return toMiddleware(verifier, options);
  const gates = new WeakMap<Verifier, MiddlewareHandler<SignedEnv>>();
  return (c, next) => {
    const current = verifier(c);
    const gate = gates.get(current) ?? toMiddleware(current, options);
    gates.set(current, gate);
    return gate(c, next);
  };
}

function toMiddleware(verifier: Verifier, options: HonoGateOptions): MiddlewareHandler<SignedEnv> {
  const gate = createGate<Context>(verifier, options, 'protect()');
  return async (c, next) => {
    // Hono has chosen the route by the method as it was sent, and a signature covers it in upper case.
    if (c.req.method !== c.req.method.toUpperCase()) {
      c.res = toResponse(errorResponse(lowerCase(), ''));
      return undefined;
    }
    const request = receivedFromHono(c);
    if (isMisspelt(request)) {
      c.res = toResponse(errorResponse(misspelt(), ''));
      return undefined;
    }
    const passed = await gate({ request, source: c });
    if (passed.ok) {
      replaceRequest(c, passed.request);
      c.set('caller', passed.caller);
      await next();
      for (const [name, value] of Object.entries(passed.headers)) c.header(name, value);
    } else c.res = toResponse(passed.response);
    for (const [name, value] of Object.entries(passed.share?.(c.res.headers) ?? {})) c.header(name, value);
    if (passed.ok && passed.countersign) c.res = await passed.countersign(c.res);
    return undefined;
  };
}

const misspelt = (): SignatureError =>
  new SignatureError(
    'malformed_field',
    'The path has escapes that are not UTF-8: write all in upper case, and no letters.',
  );

const lowerCase = (): SignatureError => new SignatureError('malformed_field', 'The method must be in upper case.');

/**
 * Middleware for single routes, after {@link protect}: responds with 403 unless the caller's key has the scope, and reports the
 * refusal to the audit.
 *
 * @example
 * import { requireScope, type SignedEnv } from 'countersign/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<SignedEnv>();
 * app.get('/orders', requireScope('orders:read'), (c) => c.json([]));
 */
export function requireScope(scope: string): MiddlewareHandler<SignedEnv> {
  const check = createScopeCheck(scope);
  return async (c, next) => {
    const refusal = await check(c.get('caller'));
    if (refusal) return toResponse(refusal);
    await next();
    return undefined;
  };
}
