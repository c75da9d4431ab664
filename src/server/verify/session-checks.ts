import { isPromise } from '../../core/awaitable.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { SessionKey } from '../../core/session/access-key.ts';
import { printable } from '../../core/session/session-options.ts';
import { isBelow, isPlainPath } from '../../core/session/values.ts';
import { toStoreError } from '../../stores/store-fault.ts';
import { withTimeout } from '../../stores/with-timeout.ts';
import type { KeyRecord, PrincipalSession, RevokedSessions } from '../contracts.ts';

/**
 * Requires a session that has begun and not ended.
 *
 * @param rules.now in milliseconds since the epoch.
 * @param rules.tolerance how much later than now the session may have been issued, in milliseconds.
 * @throws SignatureError `expired_key`, `inactive_key`
 */
export function requireRunning(
  { grant }: SessionKey,
  { now, tolerance }: { readonly now: number; readonly tolerance: number },
): void {
  if (!(now < grant.expiresAt * 1000)) fail('expired_key', 'The session has ended: request a new one.', 401);
  if (!(grant.beginsAt * 1000 - now <= tolerance)) {
    fail('inactive_key', "The session was issued in the future: set the issuer's clock.", 401);
  }
}

/** What a session is judged by beside its claims. */
type SessionRules = {
  readonly record: KeyRecord | undefined;
  readonly maxLifetime: number;
  readonly sessions: false | undefined;
};

/**
 * Requires that the parent may issue this session, and that the session may send this request.
 *
 * @param rules.maxLifetime the longest life of a session, in seconds.
 * @param rules.sessions false if no session may be used here.
 * @throws SignatureError `session_not_allowed`
 */
export function requireWithin(
  { first, grant }: SessionKey,
  message: Message,
  { record, maxLifetime, sessions: usable }: SessionRules,
): void {
  if (usable === false) refuse('A session may not be used here: sign with the key itself.');
  const { sessions = { maxLifetime } } = record ?? {};
  const longest = sessions ? Math.min(maxLifetime, sessions.maxLifetime) : 0;
  if (longest === 0) refuse('The key may not issue sessions.');
  // The first link is the longest.
  const lifetime = first.e - first.b;
  if (!(lifetime <= longest)) refuse(`The session lasts ${lifetime} seconds, at most ${longest} are allowed.`);
  const { methods, paths, origins } = grant;
  if (methods && !methods.includes(message.method)) refuse(`The session may not use the method ${message.method}.`);
  if (paths) requirePath(message, paths);
  // A browser sets this header and no page can change it. Any other program can.
  const origin = message.headers.get('origin');
  if (origins && !(origin !== null && origins.includes(origin))) {
    refuse('The session may only be used by pages of certain origins, and the request has none of them as Origin.');
  }
}

function requirePath({ rawTarget, target }: Message, paths: readonly string[]): void {
  const [raw = '', path = ''] = [rawTarget, target].map((one) => one.split('?', 1)[0]);
  if (!isPlainPath(raw) || !isPlainPath(path)) {
    refuse(
      'The session is restricted to paths, and the path of the request has //, dot segments, or an escaped / \\ . ; control, blank or %.',
    );
  }
  if (!isBelow(path, paths)) refuse('The session may not be used for this path.');
}

const refuse = (message: string): never => fail('session_not_allowed', message, 403);

/** How long to wait for the store of revoked sessions, in milliseconds: for one of the package, longer than its own timeout. */
const patience = 2000;

/**
 * Requires that no link of a session was revoked.
 *
 * @param rules.tolerance how far an issuer's clock may be ahead, in milliseconds.
 * @throws SignatureError `revoked_key`; `session_store_unavailable` if the store throws, returns anything but a boolean, or takes
 * longer than two seconds.
 */
export async function requireNotRevoked(
  { parent, first, links }: SessionKey,
  { revoked, tolerance }: { readonly revoked: RevokedSessions; readonly tolerance: number },
): Promise<void> {
  // Of the first link, because the holder of a session chooses the time of further ones.
  const issuedAfter = first.b * 1000 - tolerance;
  for (const { i } of links) {
    let found: unknown;
    try {
      const given = revoked.has({ accessKey: parent, id: i, issuedAfter });
      found = isPromise(given) ? await withTimeout(Promise.resolve(given), patience) : given;
    } catch (cause) {
      // Stores of this package give a precise reason.
      if (cause instanceof SignatureError && cause.code === 'session_store_unavailable') throw cause;
      fail('session_store_unavailable', toStoreError('The store of revoked sessions', cause), 503, cause);
    }
    if (found === true) fail('revoked_key', 'The session has been revoked: request a new one.', 401);
    if (found !== false) fail('session_store_unavailable', 'The store of revoked sessions returned no boolean.', 503);
  }
}

/** The scopes that a caller has: those of the key, of a session only those that it names as well. */
export function grantedScopes({ scopes = [] }: KeyRecord, session: SessionKey | undefined): readonly string[] {
  const named = session?.grant.scopes;
  // A session has them percent-encoded, as its issuer wrote them.
  return named ? scopes.filter((scope) => named.includes(printable(scope))) : scopes;
}

/** The session as handlers receive it: as it was issued, since its holder chooses the id and the times of further links. */
export function principalSession({ first: { i, u, b, e }, binding }: SessionKey): PrincipalSession {
  return { id: i, subject: u, issuedAt: b * 1000, expiresAt: e * 1000, bound: binding !== undefined };
}
