import type { Context } from 'hono';
import { normaliseTarget } from '../core/address.ts';
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

/**
 * Whether Hono may have routed by another path than the verified one: it decodes no part of a path with escapes that are not UTF-8, so
 * that `%61` and `a` differ there.
 */
export function isMisspelt(received: Request | ReceivedRequest): boolean {
  const target = 'url' in received ? received.url.replace(/^\w+:\/\/[^/?#]*/, '') : received.target;
  const [path = ''] = target.split('?', 1);
  try {
    decodeURI(path);
    return false;
  } catch {
    return path !== normaliseTarget(path);
  }
}

/** Replaces the request of a context with the verified one, so that everything that reads it later gets the verified body and address. */
export function replaceRequest({ env, req }: Context, verified: Request | ReceivedRequest): void {
  // Hono keeps escaped delimiters in the path, with hex digits in the case in which they were sent.
  req.path = req.path.replace(/%[\da-f]{2}/gi, (escaped) => escaped.toUpperCase());
  if ('arrayBuffer' in verified) {
    req.raw = verified;
    return;
  }
  respell(req.raw);
  if (isBytes(verified.body)) {
    const { buffer, byteOffset, byteLength } = verified.body;
    // @hono/node-server looks here first.
    Object.assign(env.incoming, { rawBody: Buffer.from(buffer, byteOffset, byteLength) });
  }
}

/** Gives a Request of @hono/node-server the verified spelling. It has resolved dot segments already, and Hono has routed without them. */
function respell(raw: Request): void {
  const spelled = raw.url.replace(
    /^(\w+:\/\/[^/?#]*)(.*)$/s,
    (_, origin: string, target: string) => origin + normaliseTarget(target),
  );
  if (spelled !== raw.url) Object.defineProperty(raw, 'url', { value: spelled });
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
