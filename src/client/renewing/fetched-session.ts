import type { Credentials } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { parseSessionKey, type SessionKey } from '../../core/session/access-key.ts';
import type { Grant } from '../../core/session/grant.ts';
import { printable } from '../../core/session/session-options.ts';

/** A session as its issuer returns it. One of `expiresIn`, `issuedAt` and the access key of a session must state how long it lasts. */
export type FetchedSession = {
  readonly accessKey: string;
  /** A session that is bound to a key pair has none. */
  readonly secret?: string;
  /** How long the session is valid after it was issued, in seconds. */
  readonly expiresIn?: number;
  /**
   * In milliseconds since the epoch, by the issuer's clock, like `expiresAt`. The two are more exact than `expiresIn`: a session ends
   * at a whole second, so up to a second before `expiresIn` has passed.
   */
  readonly issuedAt?: number;
  readonly expiresAt?: number;
};

/** What the issuer is asked with. */
export type SessionRequest = {
  /** The public key of the option `keyStore`, to which the session is to be bound: raw, in base64url. Without that option undefined. */
  readonly publicKey: string | undefined;
  /** Aborts when the option `timeout` has passed. */
  readonly signal: AbortSignal;
};

/** Asks the issuer for a session: returns it, or the `Response` with it as JSON. */
export type FetchSession = (request: SessionRequest) => FetchedSession | Response | Promise<FetchedSession | Response>;

/** A session, and how long it lasts. */
export type ReadSession = Pick<Credentials, 'accessKey'> & {
  /** Undefined if the session is bound to the public key. */
  readonly secret: string | undefined;
  /** In milliseconds. */
  readonly lifetime: number;
};

/**
 * Reads what an issuer returned: a session, or a `Response` with one as JSON.
 *
 * @param wanted.publicKey that the issuer was asked with.
 * @throws SignatureError `session_unavailable`, with the status of a response that is not ok, with 401 for a session of another subject,
 * and for a session that is bound to another key.
 */
export async function readFetched(
  fetched: FetchedSession | Response,
  { publicKey, subject }: { readonly publicKey: string | undefined; readonly subject: string | undefined },
): Promise<ReadSession> {
  const given = isResponse(fetched) ? await readResponse(fetched) : fetched;
  const { accessKey, secret } = given ?? {};
  if (!accessKey) return unavailable('The issuer returned no accessKey');
  const session = parseSessionKey(accessKey);
  if (!isFor(subject, session)) {
    throw new SignatureError(
      'session_unavailable',
      'The issuer returned no session of subject: is another user logged in?',
      401,
    );
  }
  const key = session?.first.k;
  if (key === undefined && !secret) return unavailable('The issuer returned no secret');
  if (key !== undefined && key !== publicKey) {
    return unavailable(
      publicKey === undefined
        ? 'The issuer returned a session that is bound to a key pair: set keyStore'
        : 'The issuer returned a session that is bound to another key pair',
    );
  }
  const lifetime = lifetimeOf(given, session?.grant);
  return lifetime > 0 && lifetime < Infinity
    ? { accessKey, secret: key === undefined ? secret : undefined, lifetime }
    : unavailable('The issuer returned a session without expiresIn or issuedAt');
}

/** Whether a session is for a subject. Undefined stands for any. */
export const isFor = (subject: string | undefined, session: SessionKey | undefined): boolean =>
  subject === undefined || session?.grant.subject === printable(subject);

const isResponse = (fetched: FetchedSession | Response): fetched is Response =>
  typeof (fetched as Partial<Response> | undefined)?.json === 'function';

async function readResponse(response: Response): Promise<FetchedSession> {
  const { ok, status } = response;
  if (!ok) throw new SignatureError('session_unavailable', `The issuer of sessions responded with ${status}.`, status);
  return (await response.json()) as FetchedSession;
}

/** By the clock of the issuer alone: that of a page may be hours off. */
function lifetimeOf({ expiresIn, issuedAt, expiresAt }: FetchedSession, grant: Grant | undefined): number {
  if (issuedAt !== undefined && expiresAt !== undefined) return expiresAt - issuedAt;
  if (expiresIn !== undefined) return expiresIn * 1000;
  return grant ? (grant.expiresAt - grant.beginsAt) * 1000 : Number.NaN;
}

const unavailable = (found: string): never => fail('session_unavailable', `${found}.`);
