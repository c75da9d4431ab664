import { type Credentials, checkAccessKey, checkSecret, type Secret } from '../credentials.ts';
import { fail } from '../errors.ts';
import { appendLink, maxLinks, parseSessionKey, type SessionKey } from './access-key.ts';
import { encodeClaims } from './claims.ts';
import { deriveSessionSecret } from './derive.ts';
import { narrowed, widening } from './grant.ts';
import { claimsOf, invalid, requireShort, type SessionOptions } from './session-options.ts';

/** Credentials of a session. Unlike long-lived credentials they are made to be sent to their holder, so JSON has the secret. */
export type Session = {
  readonly accessKey: string;
  readonly secret: string;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
};

/**
 * Issues a session: short-lived credentials that may do at most what their parent may. Needs no call and no store: the access key
 * states what the session may do, and its secret is derived from the parent's. A session as `credentials` gives a narrower session.
 * Characters of `subject` and `scopes` other than printable ASCII, and `%`, are percent-encoded.
 *
 * @param credentials of the parent, whose secret is a string or bytes.
 * @throws SignatureError `invalid_credentials` for credentials that are malformed, or whose secret is a `CryptoKey`;
 * `invalid_configuration` for an unknown option or an invalid value, for a subject of a narrower session, for a session that would allow more or last longer than the one
 * that it narrows, and for an access key of more than 1,024 characters or 3 links.
 * @example
 * import { generateCredentials, issueSession } from 'countersign';
 *
 * const parent = generateCredentials();
 * const session = issueSession(parent, { expiresIn: 900, scopes: ['orders:read'], subject: 'user-7' });
 * console.log(session.accessKey.startsWith(`${parent.accessKey}~s1.`)); // → true
 */
export function issueSession(credentials: Credentials, options: SessionOptions): Session {
  const { accessKey, secret } = credentials;
  const before = parseParent(accessKey);
  if (before?.binding) fail('invalid_credentials', 'A session that is bound to a key pair cannot be narrowed.');
  const bytes = derivableSecret(secret);
  if (before && options.subject !== undefined) invalid('subject is given, which a session cannot state or change');
  const claims = claimsOf(options, { earliest: before?.grant.beginsAt ?? 0, where: 'issueSession()' });
  const wider = before && widening(before.grant, claims);
  if (wider) invalid(`The session would have ${wider} than the one that it narrows`);
  if (before && before.links.length >= maxLinks) invalid(`A chain has at most ${maxLinks} sessions`);
  const own = appendLink(accessKey, encodeClaims(claims));
  requireShort(own);
  const { expiresAt } = narrowed(before?.grant, claims);
  return { accessKey: own, secret: deriveSessionSecret(bytes, [own]), expiresAt: expiresAt * 1000 };
}

/**
 * Reads the access key of the credentials that issue a session; undefined for that of a parent.
 *
 * @throws SignatureError `invalid_credentials`
 */
export function parseParent(accessKey: string): SessionKey | undefined {
  try {
    const session = parseSessionKey(accessKey ?? '');
    checkAccessKey(session?.parent ?? accessKey);
    return session;
  } catch (cause) {
    return fail('invalid_credentials', (cause as Error).message, undefined, cause);
  }
}

/**
 * @throws SignatureError `invalid_credentials` unless the secret is a sound string or bytes.
 */
export function derivableSecret(secret: Secret): string | Uint8Array {
  checkSecret(secret);
  return typeof secret === 'string' || ArrayBuffer.isView(secret)
    ? secret
    : fail(
        'invalid_credentials',
        'The secret is a CryptoKey, from which no session can be derived: pass its text or bytes.',
      );
}
