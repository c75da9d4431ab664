import { protect, requireScope, type SignedEnv } from 'countersign/hono';
import { rfc9421 } from 'countersign/schemes';
import {
  type AuditSink,
  cachedKeys,
  createVerifier,
  type KeyStore,
  memoryReplay,
  memoryRevokedSessions,
} from 'countersign/server';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';

export type ApiOptions = {
  /** The keys of all callers. Here one: that of the backend, from which its sessions are derived. */
  readonly keys: KeyStore;
  /** The origin of the page, which may call this API and read its responses. */
  readonly pageOrigin: string;
  /** The origin of this API, as the page sees it. */
  readonly origin: string;
  /** Called once for each attempt. */
  readonly audit: AuditSink;
};

/** For how long a key that was revoked may still be accepted, with all its sessions, in seconds. */
export const keyCacheLifetime = 5;

/** The API: it accepts signed requests alone, and knows neither the cookies nor the passwords of the page. */
export function createApi({ keys, pageOrigin, origin, audit }: ApiOptions): Hono<SignedEnv & ForUser> {
  const revokedSessions = memoryRevokedSessions(); // several servers share redisRevokedSessions or sqlRevokedSessions
  const verifier = createVerifier({
    keys: cachedKeys(keys, { lifetime: keyCacheLifetime }),
    replay: memoryReplay(),
    revokedSessions,
    scheme: [rfc9421()],
    publicOrigin: origin,
    audit,
  });

  const orders = new Map<string, string[]>();
  const ordersOf = (user: string): readonly string[] => orders.get(user) ?? [];

  const app = new Hono<SignedEnv & ForUser>();
  app.use(protect(verifier, { cors: { origins: [pageOrigin] } }), sessionsAlone);

  app.get('/orders', requireScope('orders:read'), (c) => c.json(ordersOf(c.var.user)));

  app.post('/orders', requireScope('orders:write'), async (c) => {
    // The signature covers the body, so it is what the page sent. What it says is still the user's.
    const { sku } = await c.req.json<{ sku?: unknown }>();
    if (typeof sku !== 'string') return c.json({ detail: 'sku must be a text.' }, 400);
    const all = [...ordersOf(c.var.user), sku];
    orders.set(c.var.user, all);
    return c.json(all, 201);
  });

  // At logout. Someone who still has the session can do no more with it.
  app.delete('/session', (c) => {
    revokedSessions.revoke(c.var.caller.principal);
    return c.body(null, 204);
  });
  return app;
}

type ForUser = { Variables: { user: string } };

/** Only the page calls here: its sessions are bound to a key pair, and each is for a user, whom the backend states. */
const sessionsAlone = createMiddleware<SignedEnv & ForUser>(async (c, next) => {
  const { bound, subject } = c.var.caller.principal.session ?? {};
  if (!bound || subject === undefined) return c.json({ detail: 'This API is for users of the page.' }, 403);
  c.set('user', subject);
  return next();
});
