import { fail, SignatureError } from '../core/errors.ts';
import type { AskedSession } from '../server/contracts.ts';
import { claimId } from '../stores/claim.ts';
import { type RevocablePrincipal, toRevokedSession } from '../stores/revoked-session.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { createBuckets, isOutOfMemory, type RedisOptions, readYoung } from './buckets.ts';
import { findRevokedScript, revokeScript } from './scripts.ts';

/** Revoked sessions in Redis. Created by {@link redisRevokedSessions}. */
export type RedisRevokedSessions = {
  /** True if the session was revoked. */
  has(session: AskedSession): Promise<boolean>;
  /**
   * Revokes the session of a principal, on all servers. Sessions that were narrowed from it end too.
   *
   * @param principal.accessKey of the parent.
   * @param principal.session.expiresAt when the session ends by itself, in milliseconds since the epoch; a minute later it is
   * forgotten. Of two ends the later counts.
   * @throws SignatureError `session_store_unavailable`; `invalid_configuration` for a malformed id or time, and if there is no session.
   */
  revoke(principal: RevocablePrincipal): Promise<void>;
};

/**
 * Remembers revoked sessions in Redis or Valkey until they end, for any number of servers. It may share Redis and prefix with
 * `redisReplay`. The store records since when it remembers: after a loss of data, and if data may have been evicted, it refuses the
 * sessions that were issued before. Call `prepareRedisReplay` once for a new Redis, so that it accepts them.
 *
 * @throws SignatureError `invalid_configuration`. Its functions throw `session_store_unavailable` if Redis does not respond in time,
 * responds with an error, may evict data, or may have forgotten that a session was revoked.
 * @example
 * import { redisRevokedSessions } from 'countersign/redis';
 * import { createClient } from 'redis';
 *
 * const client = createClient();
 * const revokedSessions = redisRevokedSessions({ send: (...command) => client.sendCommand(command) });
 */
export function redisRevokedSessions(options: RedisOptions): RedisRevokedSessions {
  const { clock = () => Date.now() } = options;
  const buckets = createBuckets(options);

  function placeOf(session: { readonly accessKey: string; readonly id: string }) {
    const id = claimId(session.accessKey, session.id);
    const bucket = buckets.of(id);
    return { bucket, keys: [bucket.key('revoked', id), bucket.since] };
  }

  return {
    async has({ accessKey, id, issuedAfter = 0 }) {
      const now = clock();
      const { bucket, keys } = placeOf({ accessKey, id });
      const age = String(Math.max(0, Math.ceil(now - issuedAfter)));
      const result = await buckets.run(findRevokedScript, { keys, values: [age, bucket.checks(now)] }).catch(refused);
      return result === 'revoked' || (result !== 'unknown' && failSearch(result));
    },
    async revoke(principal) {
      const now = clock();
      const { until, ...session } = toRevokedSession(principal, now);
      const lifetime = Math.ceil(until - now);
      if (lifetime <= 0) return;
      const { keys } = placeOf(session);
      const result = await buckets.run(revokeScript, { keys, values: [String(lifetime)] }).catch(refused);
      if (result !== 'revoked') failSearch(result);
    },
  };
}

function failSearch(result: unknown): never {
  if (result === 'evicts') {
    unavailable('Redis may evict revoked sessions to free memory: set maxmemory-policy to noeviction.');
  }
  return unavailable(
    readYoung(result) === undefined
      ? 'Redis returned a value that is not a result of the script.'
      : 'Redis is new, or has lost or evicted data since the session was issued, so it may have forgotten that the session was revoked.',
  );
}

function refused(cause: unknown): never {
  return isOutOfMemory(cause)
    ? unavailable('Redis is out of memory: raise maxmemory.', cause)
    : unavailable(toStoreError('Redis', cause), cause);
}

const unavailable = (message: string, cause?: unknown): never =>
  fail('session_store_unavailable', message, 503, cause instanceof SignatureError ? undefined : cause);
