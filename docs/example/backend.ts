import { randomBytes } from 'node:crypto';
import { serveStatic } from '@hono/node-server/serve-static';
import { type Credentials, sessionHandler } from 'countersign/server';
import { Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { secureHeaders } from 'hono/secure-headers';
import { parse } from 'hono/utils/cookie';

export type BackendOptions = {
  /** Of the parent: the key that the API has given to this backend. */
  readonly credentials: Credentials;
  /** The origin of this backend and of the page. */
  readonly origin: string;
  readonly apiOrigin: string;
  /** The folder of the page that Vite has built. */
  readonly page: string;
  /** How long a session is valid, in seconds. @default 900 */
  readonly expiresIn?: number;
};

/** Stands for the users of your application. Yours have passwords that are hashed. */
const users: Readonly<Record<string, { readonly password: string; readonly scopes: readonly string[] }>> = {
  ada: { password: 'engine', scopes: ['orders:read', 'orders:write'] },
  bob: { password: 'builder', scopes: ['orders:read'] },
};

/** The backend for the frontend: it serves the page, logs users in by a cookie, and issues sessions to those who are logged in. */
export function createBackend({ credentials, origin, apiOrigin, page, expiresIn = 900 }: BackendOptions): Hono {
  const logins = new Map<string, string>(); // the names of users, by the value of their cookies
  const userOf = ({ headers }: Request): string | undefined =>
    logins.get(parse(headers.get('Cookie') ?? '', 'login').login ?? '');

  const app = new Hono();
  const connectSrc = ["'self'", apiOrigin];
  app.use(
    secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"], imgSrc: ["'self'", 'data:'], connectSrc } }),
  );

  const issue = sessionHandler({
    credentials,
    origins: [origin],
    requirePublicKey: true,
    session: { expiresIn, origins: [origin] },
    authenticate: (request) => {
      const name = userOf(request);
      return name === undefined ? undefined : { subject: name, scopes: users[name]?.scopes ?? [] };
    },
  });
  // It checks the Origin itself. See docs/browsers.md.
  app.all('/session', (c) => issue(c.req.raw));

  app.post('/login', csrf({ origin }), async (c) => {
    const { name, password } = await c.req.parseBody();
    const known = typeof name === 'string' && Object.hasOwn(users, name) ? users[name] : undefined;
    if (typeof name !== 'string' || known?.password !== password) return c.json({ detail: 'No such user.' }, 401);
    // Another tab may have logged in another user.
    logins.delete(parse(c.req.header('Cookie') ?? '', 'login').login ?? '');
    const cookie = randomBytes(32).toString('base64url');
    logins.set(cookie, name);
    // A cookie knows no port: that of 127.0.0.1:5173 is sent to each port of 127.0.0.1. Give the API another host.
    const secure = origin.startsWith('https:');
    setCookie(c, 'login', cookie, { httpOnly: true, secure, sameSite: 'Lax', path: '/' });
    return c.json({ name });
  });

  app.post('/logout', csrf({ origin }), (c) => {
    logins.delete(deleteCookie(c, 'login', { path: '/' }) ?? '');
    return c.body(null, 204);
  });

  app.get('/user', (c) => {
    const name = userOf(c.req.raw);
    c.header('Cache-Control', 'no-store');
    return name === undefined ? c.json({ detail: 'Nobody is logged in.' }, 401) : c.json({ name });
  });

  app.use(serveStatic({ root: page }));
  return app;
}
