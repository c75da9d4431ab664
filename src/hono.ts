import type { Context, MiddlewareHandler } from 'hono';
import { receivedFromHono, replaceRequest } from './node/hono-request.ts';
import { type Caller, createGate, type GateOptions, refuseWithoutScope } from './server/gate.ts';
import { toResponse } from './server/response/refusal-response.ts';
import type { Verifier } from './server/verify/verifier.ts';

export type { Caller, GateOptions } from './server/gate.ts';

/** What a gate asks of a request beside a valid signature, and whether it signs the answers. */
export type HonoGateOptions = GateOptions<Context>;

/** For `new Hono<SignedEnv>()`, or `Hono<SignedEnv & { Bindings: … }>`: handlers find the caller as `c.var.caller`. */
export type SignedEnv = { Variables: { caller: Caller } };

/**
 * Middleware for Hono that only lets verified requests through, and answers the others itself with problem details (RFC 9457).
 * The body can be read afterwards as if nobody had read it.
 *
 * @param verifier the verifier, or a function that returns it for a context: on Workers, where secrets come with `c.env`. The
 * function is called for every request, so it makes the verifier once and keeps it.
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match; with a function, when the
 * first request arrives.
 */
export function protect(
  verifier: Verifier | ((context: Context) => Verifier),
  options?: HonoGateOptions,
): MiddlewareHandler<SignedEnv>;
/** The same for an app with `Bindings`: `signedRequests<SignedEnv & { Bindings: … }>((c) => …)` knows the types of `c.env`. */
export function protect<Of extends SignedEnv>(
  verifier: Verifier | ((context: Context<Of>) => Verifier),
  options?: GateOptions<Context<Of>>,
): MiddlewareHandler<Of>;
export function protect(
  verifier: Verifier | ((context: Context) => Verifier),
  options: HonoGateOptions = {},
): MiddlewareHandler<SignedEnv> {
  if (typeof verifier !== 'function') return gateOf(verifier, options);
  const gates = new WeakMap<Verifier, MiddlewareHandler<SignedEnv>>();
  return (c, next) => {
    const made = verifier(c);
    const gate = gates.get(made) ?? gateOf(made, options);
    gates.set(made, gate);
    return gate(c, next);
  };
}

function gateOf(verifier: Verifier, options: HonoGateOptions): MiddlewareHandler<SignedEnv> {
  const gate = createGate<Context>(verifier, options, 'signedRequests()');
  return async (c, next) => {
    const passed = await gate({ request: receivedFromHono(c), source: c });
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

/** Middleware for single routes, after {@link protect}: answers 403 unless the caller's key has the scope, and tells the audit. */
export function requireScope(scope: string): MiddlewareHandler<SignedEnv> {
  return async (c, next) => {
    const refusal = await refuseWithoutScope(c.get('caller'), scope);
    if (refusal) return toResponse(refusal);
    await next();
    return undefined;
  };
}
