import { fail } from '../core/errors.ts';
import type { PresentedSignature } from '../core/scheme.ts';
import type { Challenges, KeyRecord } from './contracts.ts';

/** When a request may be judged, in milliseconds, and by what leave. */
export type FreshnessRules = {
  readonly now: number;
  readonly tolerance: number;
  /** Whether the provider has named the finding `no-timestamp`. */
  readonly timeless: boolean;
};

/**
 * @throws SignatureError `stale_timestamp`, `future_timestamp`, `expired_signature`, `insufficient_coverage`
 */
export function requireFresh(
  { time, notBefore, expiresAt, challenge }: PresentedSignature,
  { now, tolerance, timeless }: FreshnessRules,
): void {
  const start = time ?? notBefore;
  const describe = (from: number, where: string) =>
    `The timestamp is ${Math.round(Math.abs(now - from) / 1000)} seconds ${where}, ${tolerance / 1000} seconds are tolerated: set the caller's clock.`;
  if (time !== undefined && !(now - time <= tolerance)) fail('stale_timestamp', describe(time, 'old'), 401);
  if (start !== undefined && !(now - start >= -tolerance)) fail('future_timestamp', describe(start, 'ahead'), 401);
  if (expiresAt !== undefined && !(now < expiresAt)) {
    fail('expired_signature', 'The signature has ended by its own word: sign anew.', 401);
  }
  // A challenge says no more than a time does: that the signature was not made before it, nor for later than its end.
  if (time === undefined && expiresAt === undefined && challenge === undefined && !timeless) {
    fail('insufficient_coverage', 'The signature covers no time and no challenge, which is not accepted here.', 401);
  }
}

/**
 * @throws SignatureError `invalid_challenge` for one that this server did not issue, or too long ago.
 */
export function requireChallenge({ challenge }: PresentedSignature, challenges: Challenges | undefined): void {
  if (challenge !== undefined && !challenges?.accepts(challenge)) {
    fail('invalid_challenge', 'The signature does not answer a recent challenge of this server: ask for another.', 401);
  }
}

/**
 * @throws SignatureError `insufficient_scope`
 */
export function requireScope({ scopes = [] }: Pick<KeyRecord, 'scopes'>, scope: string | undefined): void {
  if (scope !== undefined && !scopes.includes(scope)) {
    fail('insufficient_scope', `The key does not have the scope ${scope}.`, 403);
  }
}
