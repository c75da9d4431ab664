import type { Context } from 'hono';
import { isBytes } from '../core/body.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { type NodeRequest, receivedFromNode } from './received.ts';

/**
 * The request of a context, for the verifier. With @hono/node-server it is Node's own request: the Request there is created
 * lazily, and creating all of it costs more than verifying.
 */
export function receivedFromHono(context: Context): Request | ReceivedRequest {
  const incoming = incomingOf(context);
  return incoming ? receivedFromNode(incoming) : context.req.raw;
}

/** Replaces the request of a context with the verified one, so that everything that reads it later gets the verified body. */
export function replaceRequest({ env, req }: Context, verified: Request | ReceivedRequest): void {
  if ('arrayBuffer' in verified) req.raw = verified;
  else if (isBytes(verified.body)) {
    const { buffer, byteOffset, byteLength } = verified.body;
    // @hono/node-server looks here first.
    Object.assign(env.incoming, { rawBody: Buffer.from(buffer, byteOffset, byteLength) });
  }
}

/** Undefined on other runtimes, and if the Request was replaced, fully created, or is being read: it may then differ. */
function incomingOf({ env, req }: Context): NodeRequest | undefined {
  const incoming: NodeRequest | undefined = env?.incoming;
  if (!incoming || 'rawBody' in incoming) return undefined;
  const raw = req.raw as unknown as Readonly<Record<symbol, unknown>>;
  const parts = Object.getOwnPropertySymbols(raw).map((symbol) => raw[symbol]);
  const changed = parts.some((part) => part === true || part instanceof Request);
  return parts.includes(incoming) && !changed ? incoming : undefined;
}
