import type { Context, MiddlewareHandler } from 'hono';
import { retirementField, retirementValue } from './core/retirement.ts';
import { type Caller, contextOf, type GateOptions } from './server/gate.ts';
import type { Reply } from './server/reply.ts';
import { scopeRefusal } from './server/scope-refusal.ts';
import type { Verifier } from './server/verifier.ts';

export type { Caller, GateOptions } from './server/gate.ts';

/** What a gate asks of a request beside a valid signature, and whether it signs the answers. */
export type HonoGateOptions = GateOptions<Context>;

/** For `new Hono<SignedEnv>()`: handlers find the caller as `c.var.caller`. */
export type SignedEnv = { Variables: { caller: Caller } };

/**
 * Middleware for Hono that only lets verified requests through, and answers the others itself with problem details (RFC 9457).
 * The body can be read afterwards as if nobody had read it.
 */
export function signedRequests(verifier: Verifier, options: HonoGateOptions = {}): MiddlewareHandler<SignedEnv> {
  const { countersign = 'never' } = options;
  return async (c, next) => {
    const result = await verifier.verify(c.req.raw, contextOf<Context>(c, options));
    if (!result.ok) return responseOf(result.reply);
    const { request, principal, body, retiresAt } = result;
    c.req.raw = request;
    c.set('caller', { principal, body });
    await next();
    if (retiresAt !== undefined) c.header(retirementField, retirementValue(retiresAt));
    if (countersign === 'always') c.res = await result.countersign(c.res);
    return undefined;
  };
}

/** Middleware for single routes, after {@link signedRequests}: answers 403 unless the caller's key has the scope. */
export function requireScope(scope: string): MiddlewareHandler<SignedEnv> {
  return async (c, next) => {
    const refusal = scopeRefusal(c.get('caller'), scope);
    if (refusal) return responseOf(refusal);
    await next();
    return undefined;
  };
}

const responseOf = ({ status, headers, body }: Reply): Response => new Response(body, { status, headers });
