import type { Context, MiddlewareHandler } from 'hono';
import { handOn, receivedFromHono } from './node/hono-request.ts';
import { corsOf } from './server/cors.ts';
import { type Caller, callerFrom, contextOf, type GateOptions, gateNames } from './server/gate.ts';
import { requireKnownOptions } from './server/known-options.ts';
import { responseOf } from './server/reply.ts';
import { scopeRefusal } from './server/scope-refusal.ts';
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
export function signedRequests(
  verifier: Verifier | ((context: Context) => Verifier),
  options?: HonoGateOptions,
): MiddlewareHandler<SignedEnv>;
/** The same for an app with `Bindings`: `signedRequests<SignedEnv & { Bindings: … }>((c) => …)` knows the types of `c.env`. */
export function signedRequests<Of extends SignedEnv>(
  verifier: Verifier | ((context: Context<Of>) => Verifier),
  options?: GateOptions<Context<Of>>,
): MiddlewareHandler<Of>;
export function signedRequests(
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
  requireKnownOptions(options, gateNames, 'signedRequests()');
  const { countersign = 'never' } = options;
  const cors = options.cors && corsOf(options.cors, verifier.fields);
  return async (c, next) => {
    const origin = c.req.raw.headers.get('origin');
    const preflight = cors?.preflight(c.req.raw);
    if (preflight) return responseOf(preflight);
    const result = await verifier.verify(receivedFromHono(c), contextOf<Context>(c, options));
    if (result.ok) {
      handOn(c, result.request);
      c.set('caller', callerFrom(result));
      await next();
      for (const [name, value] of Object.entries(result.headers)) c.header(name, value);
    } else c.res = responseOf(result.reply);
    for (const [name, value] of Object.entries(cors?.share(origin, c.res.headers) ?? {})) c.header(name, value);
    if (result.ok && countersign === 'always') c.res = await result.countersign(c.res);
    return undefined;
  };
}

/** Middleware for single routes, after {@link signedRequests}: answers 403 unless the caller's key has the scope, and tells the audit. */
export function requireScope(scope: string): MiddlewareHandler<SignedEnv> {
  return async (c, next) => {
    const refusal = await scopeRefusal(c.get('caller'), scope);
    if (refusal) return responseOf(refusal);
    await next();
    return undefined;
  };
}
