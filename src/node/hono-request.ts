import type { Context } from 'hono';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { type NodeRequest, receivedFromNode } from './received.ts';

/**
 * What a verifier needs of a context's request. With @hono/node-server it is Node's own, from which the Request is made in parts
 * as they are asked for: to make it whole costs more than to judge it.
 */
export function receivedFromHono(context: Context): Request | ReceivedRequest {
  const incoming = incomingOf(context);
  return incoming ? receivedFromNode(incoming) : context.req.raw;
}

/** Has the request of a context carry the body that has been verified: for everything that reads it later. */
export function replaceRequest({ env, req }: Context, verified: Request | ReceivedRequest): void {
  if ('arrayBuffer' in verified) req.raw = verified;
  else if (verified.body instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = verified.body;
    // Where @hono/node-server looks first.
    Object.assign(env.incoming, { rawBody: Buffer.from(buffer, byteOffset, byteLength) });
  }
}

/** Undefined on other runtimes, and where the Request will give something else: one that was replaced, or made whole, or is being read. */
function incomingOf({ env, req }: Context): NodeRequest | undefined {
  const incoming: NodeRequest | undefined = env?.incoming;
  if (!incoming || 'rawBody' in incoming) return undefined;
  const raw = req.raw as unknown as Readonly<Record<symbol, unknown>>;
  const parts = Object.getOwnPropertySymbols(raw).map((symbol) => raw[symbol]);
  const changed = parts.some((part) => part === true || part instanceof Request);
  return parts.includes(incoming) && !changed ? incoming : undefined;
}
