import { fail } from '../core/errors.ts';

/** What `revoke` of a store of revoked sessions needs of a principal. */
export type RevocablePrincipal = {
  /** The access key of the parent. */
  readonly accessKey: string;
  /** The session. Its `expiresAt` is in milliseconds since the epoch. */
  readonly session?: { readonly id: string; readonly expiresAt: number };
};

/** A session to remember as revoked. */
export type RevokedSession = {
  /** The access key of the parent. */
  readonly accessKey: string;
  readonly id: string;
  /** Until when to remember it, in milliseconds since the epoch. */
  readonly until: number;
};

/** How much longer than its end a revoked session is remembered, in milliseconds: clocks of servers differ. */
const margin = 60_000;

/** No session lasts longer, in milliseconds: a year and a day, since an issuer's clock may be ahead. */
const longest = 366 * 86_400_000;

/**
 * Checks what was passed to `revoke`.
 *
 * @param now in milliseconds since the epoch.
 * @throws SignatureError `invalid_configuration` for anything but a parent, and the id and the end of a session.
 */
export function toRevokedSession({ accessKey, session }: RevocablePrincipal, now: number): RevokedSession {
  const { id, expiresAt } = session ?? {};
  const isSound = typeof accessKey === 'string' && typeof id === 'string' && /^[\w-]{16}$/.test(id);
  if (!isSound || !Number.isSafeInteger(expiresAt)) {
    fail(
      'invalid_configuration',
      'revoke() takes the principal of a session: { accessKey, session: { id, expiresAt } }.',
    );
  }
  const end = expiresAt as number;
  if (!(end - now <= longest)) {
    fail('invalid_configuration', 'The session to revoke ends in more than a year: expiresAt is in milliseconds.');
  }
  return { accessKey, id: id as string, until: end + margin };
}
