import { Buffer } from 'node:buffer';
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
} from 'fastify';
import { callerOf as callerOfNode, nodeGate } from './node/admit.ts';
import { type Caller, type GateOptions, refuseWithoutScope } from './server/gate.ts';
import type { PlainResponse } from './server/response/refusal-response.ts';
import type { Verifier } from './server/verify/verifier.ts';

export type { Caller, GateOptions } from './server/gate.ts';

/**
 * What a gate asks of a request beside a valid signature, and whether it signs the answers. `address` is the socket's other end
 * by default.
 */
export type FastifyGateOptions = GateOptions<FastifyRequest>;

/**
 * A plugin for Fastify 5 that only lets verified requests through to the routes of the instance on which it is registered, and
 * answers the others itself with problem details (RFC 9457). It runs before bodies are parsed; {@link callerOf} tells who has
 * signed.
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export function protect(verifier: Verifier, options: FastifyGateOptions = {}): FastifyPluginCallback {
  const gate = nodeGate(verifier, options);
  const plugin: FastifyPluginCallback = (app, _, done) => {
    app.addHook('onRequest', async (request, reply) => {
      const passed = await gate({ request: request.raw, response: reply.raw }, request);
      return 'status' in passed ? send(reply, passed) : undefined;
    });
    if (options.cors) catchPreflights(app);
    done();
  };
  // As fastify-plugin does: the hook is for the instance on which this is registered, not for one of its own.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

/** Has preflights reach the hooks: they are for paths without a route for OPTIONS, and what has no route passes those of the root alone. */
function catchPreflights(app: FastifyInstance): void {
  try {
    app.options('*', (_, reply) => reply.callNotFound());
  } catch (error) {
    // Another has such a route already: the app, for its own purposes, or a gate on an instance around this one.
    if ((error as { readonly code?: unknown }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw error;
  }
}

/** A `preHandler` for single routes, after {@link protect}: answers 403 unless the caller's key has the scope, and tells the audit. */
export function requireScope(scope: string): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const refusal = await refuseWithoutScope(callerOf(request), scope);
    return refusal && send(reply, refusal);
  };
}

/**
 * Who has signed a request that the gate has let through.
 *
 * @throws SignatureError `invalid_configuration` (500) where no gate has.
 */
export const callerOf = ({ raw }: FastifyRequest): Caller => callerOfNode(raw);

// As bytes: to a text Fastify adds a charset, and the type may be signed.
const send = (reply: FastifyReply, { status, headers, body }: PlainResponse): FastifyReply =>
  reply
    .code(status)
    .headers({ ...headers })
    .send(Buffer.from(body));
