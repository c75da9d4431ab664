import type { Credentials } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { parseSessionKey } from '../../core/session/access-key.ts';

/** A session as its issuer returns it. One of `expiresIn`, `issuedAt` and the access key of a session must state how long it lasts. */
export type FetchedSession = {
  readonly accessKey: string;
  readonly secret: string;
  /** How long the session is valid after it was issued, in seconds. */
  readonly expiresIn?: number;
  /** In milliseconds since the epoch, by the issuer's clock, like `expiresAt`. */
  readonly issuedAt?: number;
  readonly expiresAt?: number;
};

/** A session, and how long it lasts. */
export type ReadSession = Pick<Credentials, 'accessKey'> & {
  readonly secret: string;
  /** In milliseconds. */
  readonly lifetime: number;
};

/**
 * Reads what an issuer returned: a session, or a `Response` with one as JSON.
 *
 * @throws SignatureError `session_unavailable`, with the status of a response that is not ok.
 */
export async function readFetched(fetched: FetchedSession | Response): Promise<ReadSession> {
  const given = isResponse(fetched) ? await readResponse(fetched) : fetched;
  const { accessKey, secret } = given ?? {};
  if (!accessKey || !secret) return unavailable('The issuer returned no accessKey and secret');
  const lifetime = lifetimeOf(given);
  return lifetime > 0 && lifetime < Infinity
    ? { accessKey, secret, lifetime }
    : unavailable('The issuer returned a session without expiresIn or issuedAt');
}

const isResponse = (fetched: FetchedSession | Response): fetched is Response =>
  typeof (fetched as Partial<Response> | undefined)?.json === 'function';

async function readResponse(response: Response): Promise<FetchedSession> {
  const { ok, status } = response;
  if (!ok) throw new SignatureError('session_unavailable', `The issuer of sessions responded with ${status}.`, status);
  return (await response.json()) as FetchedSession;
}

/** By the clock of the issuer alone: that of a page may be hours off. */
function lifetimeOf({ accessKey, expiresIn, issuedAt, expiresAt }: FetchedSession): number {
  if (expiresIn !== undefined) return expiresIn * 1000;
  if (issuedAt !== undefined && expiresAt !== undefined) return expiresAt - issuedAt;
  const grant = parseSessionKey(accessKey)?.grant;
  return grant ? (grant.expiresAt - grant.beginsAt) * 1000 : Number.NaN;
}

const unavailable = (found: string): never => fail('session_unavailable', `${found}.`);
