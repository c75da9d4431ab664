import type { Credentials } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import { derivableSecret, issueSession, parseParent } from '../../core/session/issue.ts';
import { issueBoundSession } from '../../core/session/issue-bound.ts';
import type { SessionOptions } from '../../core/session/session-options.ts';
import { isOrigin } from '../../core/session/values.ts';
import { type OptionNames, readOptions, requireKnownOptions } from '../known-options.ts';
import { isPreflight } from '../response/cors.ts';
import { publicKeyIn } from './public-key-in.ts';

/** What a logged-in user's session may do. Without a member, that of the handler's option `session` applies. */
export type SessionGrant = {
  readonly [Name in Exclude<keyof SessionOptions, 'clock'>]?: SessionOptions[Name] | undefined;
};

type Bounds = Partial<Omit<SessionOptions, 'clock'>>;

const boundNames: OptionNames<SessionGrant> = {
  expiresIn: true,
  scopes: true,
  subject: true,
  origins: true,
  methods: true,
  paths: true,
};

/** What `authenticate` returns: nothing if nobody is logged in. */
type Granted = SessionGrant | null | false | undefined;

/** Who gets a session, and from which pages. */
export type SessionHandlerOptions = {
  /** The credentials of the parent, or a function that returns them. */
  readonly credentials: Credentials | (() => Credentials | Promise<Credentials>);
  /**
   * Returns what the session of the logged-in user may do, such as `{ subject: user.id }`; undefined, null or false if nobody is logged in. Its errors
   * are passed on.
   */
  readonly authenticate: (request: Request) => Granted | Promise<Granted>;
  /** The origins of the pages that may ask for a session, such as `https://app.example.com`. */
  readonly origins: readonly string[];
  /** What every session may do. @default expiresIn: 900 */
  readonly session?: SessionGrant;
  /** Refuses requests without a public key, so that every session is bound to a key pair and no secret is sent. @default false */
  readonly requirePublicKey?: boolean;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<SessionHandlerOptions> = {
  credentials: true,
  authenticate: true,
  origins: true,
  session: true,
  requirePublicKey: true,
  clock: true,
};

/**
 * Creates the endpoint at which a page asks for a session: POST, with the cookies of the user. It refuses requests of pages of other
 * origins, because a browser adds cookies to them as well. A body in JSON with a `publicKey` gets a session that is bound to it. The
 * response is JSON for `renewing`, and no cache keeps it.
 *
 * @throws SignatureError `invalid_configuration`, and `invalid_credentials` for malformed credentials. The handler passes on errors of
 * `credentials`, `authenticate`, `issueSession` and `issueBoundSession`, and throws `body_consumed` if `authenticate` has read a body
 * in JSON: let it read a clone.
 * @example
 * import { generateCredentials, sessionHandler } from 'countersign/server';
 *
 * const handle = sessionHandler({
 *   credentials: generateCredentials(),
 *   authenticate: (request) => (request.headers.get('cookie') === 'user=7' ? { subject: 'user-7' } : undefined),
 *   origins: ['https://app.example.com'],
 * });
 * const headers = { origin: 'https://app.example.com', cookie: 'user=7' };
 * console.log((await handle(new Request('https://app.example.com/session', { method: 'POST', headers }))).status); // → 200
 */
export function sessionHandler(options: SessionHandlerOptions): (request: Request) => Promise<Response> {
  requireKnownOptions(options, names, 'sessionHandler()');
  requireParts(options);
  const { credentials, authenticate, origins, session = {}, requirePublicKey, clock = () => Date.now() } = options;
  boundsOf(session, 'session');

  async function issue(bounds: Bounds, publicKey: string | undefined): Promise<object> {
    const parent = typeof credentials === 'function' ? await credentials() : credentials;
    const issuedAt = clock();
    const wanted = { expiresIn: 900, ...boundsOf(session, 'session'), ...bounds, clock: () => issuedAt };
    const issued =
      publicKey === undefined ? issueSession(parent, wanted) : issueBoundSession(parent, { ...wanted, publicKey });
    return { ...issued, issuedAt, expiresIn: wanted.expiresIn };
  }

  return async (request) => {
    const origin = request.headers.get('origin');
    const shared = origin !== null && origins.includes(origin) ? sharedWith(origin) : undefined;
    const refuse = (status: keyof typeof reasons, headers: Record<string, string> = {}): Response =>
      problem(status, { ...(shared ?? unshared), ...headers });
    if (isPreflight(request)) return preflightResponse(shared);
    if (request.method !== 'POST') return refuse(405, { Allow: 'POST' });
    if (!shared) return refuse(403);
    const granted = await authenticate(request);
    if (!granted) return refuse(401);
    const bounds = boundsOf(granted, 'What authenticate returns');
    const asked = await publicKeyIn(request);
    if (!asked || (requirePublicKey && asked.publicKey === undefined)) return refuse(400);
    return Response.json(await issue(bounds, asked.publicKey), { headers: { ...shared, ...uncached } });
  };
}

/**
 * The members that are set: undefined, such as the scopes of a user without any, must not lift a bound of the handler.
 *
 * @throws SignatureError `invalid_configuration` for anything but an object with these members alone: `true`, or a Response with 401,
 * would give everyone the same session.
 */
function boundsOf(grant: SessionGrant, where: string): Bounds {
  const kind = Object.prototype.toString.call(grant).slice(8, -1);
  if (kind !== 'Object') {
    fail(
      'invalid_configuration',
      `${where} must be an object, such as { subject }, or undefined, not of type ${kind}.`,
    );
  }
  const bounds = readOptions(grant, boundNames, where);
  return Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined)) as Bounds;
}

function requireParts({ credentials, authenticate, origins }: SessionHandlerOptions): void {
  if (!Array.isArray(origins) || origins.length === 0 || !origins.every((origin) => isOrigin(origin))) {
    fail('invalid_configuration', 'origins must list origins as browsers write them, such as https://app.example.com.');
  }
  if (typeof authenticate !== 'function') fail('invalid_configuration', 'authenticate must be a function.');
  if (!credentials) fail('invalid_configuration', 'credentials must be those of the parent, or a function.');
  if (typeof credentials === 'function') return;
  parseParent(credentials.accessKey);
  derivableSecret(credentials.secret);
}

const uncached = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

// A cache must not give a page of one origin what it keeps for another (Fetch, "CORS protocol and HTTP caches").
const unshared = { Vary: 'Origin' } as const;

/** Lets pages of one origin read the response to a request with cookies (Fetch, "CORS protocol and credentials"). */
const sharedWith = (origin: string) => ({
  ...unshared,
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Allow-Credentials': 'true',
});

const preflightResponse = (shared: Readonly<Record<string, string>> | undefined): Response =>
  new Response(null, { status: 204, headers: shared ? { ...shared, ...preflight } : unshared });

const preflight = {
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'content-type',
  'Access-Control-Max-Age': '7200',
} as const;

const reasons = {
  400: ['Bad Request', 'The body must be JSON with the raw public key of the page in base64url: { publicKey }.'],
  401: ['Unauthorized', 'Nobody is logged in.'],
  403: ['Forbidden', 'The Origin of the request is none of the origins that may ask for a session.'],
  405: ['Method Not Allowed', 'Ask for a session with POST.'],
} as const;

function problem(status: keyof typeof reasons, headers: Readonly<Record<string, string>>): Response {
  const [title, detail] = reasons[status];
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  return new Response(body, {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...uncached, ...headers },
  });
}
