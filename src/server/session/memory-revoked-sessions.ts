import { fail } from '../../core/errors.ts';
import { type RevocablePrincipal, toRevokedSession } from '../../stores/revoked-session.ts';
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
   * Revokes the session of a principal. Sessions that were narrowed from it end too.
   *
   * @param principal.accessKey of the parent.
   * @param principal.session.expiresAt when the session ends by itself, in milliseconds since the epoch; then it is forgotten. Of two
   * ends the later counts.
   * @throws SignatureError `session_store_unavailable` if the store is full, `invalid_configuration` for a malformed id or time, and if there is no session.
   */
  revoke(principal: RevocablePrincipal): void;
};

/**
 * Remembers revoked sessions in the memory of this process, until they end: for a single server, and for tests. A restart forgets
 * them.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { memoryRevokedSessions } from 'countersign/server';
 *
 * const revokedSessions = memoryRevokedSessions();
 * const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() + 60_000 };
 * revokedSessions.revoke({ accessKey: 'shop', session });
 * console.log(revokedSessions.has({ accessKey: 'shop', id: session.id })); // → true
 */
export function memoryRevokedSessions(options: MemoryRevokedSessionsOptions = {}): MemoryRevokedSessions {
  requireKnownOptions(options, names, 'memoryRevokedSessions()');
  const { capacity = 100_000, clock = () => Date.now() } = options;
  if (!(capacity >= 1)) fail('invalid_configuration', `capacity is ${capacity}, it must be at least 1.`);
  const ends = new Map<string, number>();

  function forgetEnded(now: number): void {
    for (const [name, end] of ends) if (end <= now) ends.delete(name);
  }

  return {
    has: (session) => ends.has(nameOf(session)),
    revoke(principal) {
      const now = clock();
      const { until, ...session } = toRevokedSession(principal, now);
      const name = nameOf(session);
      const before = ends.get(name);
      if (ends.size >= capacity) forgetEnded(now);
      if (ends.size >= capacity && before === undefined) {
        fail(
          'session_store_unavailable',
          `All ${capacity} places for revoked sessions are in use: raise capacity.`,
          503,
        );
      }
      ends.set(name, Math.max(before ?? until, until));
    },
  };
}

// An access key has no space.
const nameOf = ({ accessKey, id }: { readonly accessKey: string; readonly id: string }): string => `${accessKey} ${id}`;
