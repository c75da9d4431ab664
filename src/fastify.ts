import { Buffer } from 'node:buffer';
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
} from 'fastify';
import { callerOf as callerOfNode, nodeGate } from './node/admit.ts';
import { type Caller, createScopeCheck, type GateOptions } from './server/gate.ts';
import type { PlainResponse } from './server/response/refusal-response.ts';
import type { Verifier } from './server/verify/verifier.ts';

export type { Caller, GateOptions } from './server/gate.ts';

/**
 * What a gate requires of a request in addition to a valid signature, and whether it signs responses. `address` defaults to the
 * remote address of the socket.
 */
export type FastifyGateOptions = GateOptions<FastifyRequest>;

/**
 * A plugin for Fastify 5: passes verified requests on to the routes of the instance that it is registered on, and refuses others
 * with problem details (RFC 9457). It runs before body parsing. {@link callerOf} returns the caller.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for `cors` options that no browser can match.
 * @example
 * import { callerOf, protect } from 'countersign/fastify';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 * import fastify from 'fastify';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * const app = fastify();
 * app.register(protect(verifier));
 * app.get('/me', async (request) => callerOf(request).principal);
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
  // Like fastify-plugin: applies the hook to the instance that registers the plugin, instead of to a child instance.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

/** Adds a route for preflights. Without a route for OPTIONS, Fastify runs only the hooks of the root instance. */
function catchPreflights(app: FastifyInstance): void {
  try {
    app.options('*', (_, reply) => reply.callNotFound());
  } catch (error) {
    // The app has such a route already, or a gate on a parent instance added it.
    if ((error as { readonly code?: unknown }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw error;
  }
}

/**
 * A `preHandler` for single routes, after {@link protect}: responds with 403 unless the caller's key has the scope, and reports
 * the refusal to the audit.
 *
 * @example
 * import { requireScope } from 'countersign/fastify';
 * import fastify from 'fastify';
 *
 * const app = fastify();
 * app.get('/orders', { preHandler: requireScope('orders:read') }, async () => []);
 */
export function requireScope(scope: string): preHandlerAsyncHookHandler {
  const check = createScopeCheck(scope);
  return async (request, reply) => {
    const refusal = await check(callerOf(request));
    return refusal && send(reply, refusal);
  };
}

/**
 * The caller of a request that passed the gate.
 *
 * @throws SignatureError `invalid_configuration` (500) if the request was not verified.
 * @example
 * import { callerOf } from 'countersign/fastify';
 * import fastify from 'fastify';
 *
 * fastify().get('/me', async (request) => callerOf(request).principal);
 */
export const callerOf = ({ raw }: FastifyRequest): Caller => callerOfNode(raw);

// As bytes: Fastify adds a charset to the content type of a string, and the content type may be signed.
const send = (reply: FastifyReply, { status, headers, body }: PlainResponse): FastifyReply =>
  reply
    .code(status)
    .headers({ ...headers })
    .send(Buffer.from(body));
