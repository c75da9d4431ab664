import { fail } from '../../core/errors.ts';
import type { RevokedSessions } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Limits of a store of revoked sessions in memory, and its clock. */
export type MemoryRevokedSessionsOptions = {
  /** Maximum number of revoked sessions. When it is reached, `revoke` throws. @default 100000 */
  readonly capacity?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<MemoryRevokedSessionsOptions> = { capacity: true, clock: true };

/** Revoked sessions in the memory of one process. Created by {@link memoryRevokedSessions}. */
export type MemoryRevokedSessions = RevokedSessions & {
  /**
   * Revokes a session, as `principal.session` describes it. Sessions that were narrowed from it end too.
   *
   * @param session.expiresAt when the session ends by itself, in milliseconds since the epoch; then it is forgotten.
   * @throws SignatureError `session_store_unavailable` if the store is full, `invalid_configuration` for a malformed id or time.
   */
  revoke(session: { readonly id: string; readonly expiresAt: number }): void;
};

/** How much longer than its end a revoked session is remembered, in milliseconds: clocks of servers differ. */
export const revokedMargin = 60_000;

/**
 * Remembers revoked sessions in the memory of this process, until they end: for a single server, and for tests. A restart forgets
 * them.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { memoryRevokedSessions } from 'countersign/server';
 *
 * const revokedSessions = memoryRevokedSessions();
 * revokedSessions.revoke({ id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() + 60_000 });
 * console.log(revokedSessions.has('AAAAAAAAAAAAAAAA')); // → true
 */
export function memoryRevokedSessions(options: MemoryRevokedSessionsOptions = {}): MemoryRevokedSessions {
  requireKnownOptions(options, names, 'memoryRevokedSessions()');
  const { capacity = 100_000, clock = () => Date.now() } = options;
  if (!(capacity >= 1)) fail('invalid_configuration', `capacity is ${capacity}, it must be at least 1.`);
  const ends = new Map<string, number>();

  function forgetEnded(now: number): void {
    for (const [id, end] of ends) if (end + revokedMargin <= now) ends.delete(id);
  }

  return {
    has: (id) => ends.has(id),
    revoke(session) {
      checkRevoked(session);
      const now = clock();
      if (ends.size >= capacity) forgetEnded(now);
      if (ends.size >= capacity && !ends.has(session.id)) {
        fail(
          'session_store_unavailable',
          `All ${capacity} places for revoked sessions are in use: raise capacity.`,
          503,
        );
      }
      ends.set(session.id, session.expiresAt);
    },
  };
}

/**
 * @throws SignatureError `invalid_configuration` for anything but the id of a session and the time of its end.
 */
export function checkRevoked({ id, expiresAt }: { readonly id: string; readonly expiresAt: number }): void {
  if (!(typeof id === 'string' && /^[\w-]{16}$/.test(id) && Number.isSafeInteger(expiresAt))) {
    fail('invalid_configuration', 'revoke() takes { id, expiresAt }, as principal.session has them.');
  }
}
