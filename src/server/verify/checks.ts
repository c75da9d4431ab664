import { fail } from '../../core/errors.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import type { Challenges, KeyRecord } from '../contracts.ts';
import { parseRanges, type Ranges } from '../ranges.ts';

/** When a signature is fresh; times in milliseconds. */
export type FreshnessRules = {
  readonly now: number;
  readonly tolerance: number;
  /** True if the finding `no-timestamp` is accepted. */
  readonly timeless: boolean;
};

/**
 * Requires a signature that is valid now.
 *
 * @throws SignatureError `stale_timestamp`, `future_timestamp`, `expired_signature`, `lifetime_too_long`, `insufficient_coverage`
 */
export function requireFresh(
  { time, notBefore, expiresAt, maxLifetime = Infinity, challenge }: PresentedSignature,
  { now, tolerance, timeless }: FreshnessRules,
): void {
  const start = time ?? notBefore;
  const describe = (from: number, where: string) =>
    `The timestamp is ${Math.round(Math.abs(now - from) / 1000)} seconds ${where}, ${tolerance / 1000} seconds are tolerated: set the caller's clock.`;
  if (time !== undefined && !(now - time <= tolerance)) fail('stale_timestamp', describe(time, 'old'), 401);
  if (start !== undefined && !(now - start >= -tolerance)) fail('future_timestamp', describe(start, 'ahead'), 401);
  if (expiresAt !== undefined && !(now < expiresAt)) {
    fail('expired_signature', 'The signature has expired: sign again.', 401);
  }
  // By a signer whose clock is ahead, a signature of the longest life ends later.
  if (expiresAt !== undefined && !(expiresAt - now <= maxLifetime + tolerance)) {
    fail(
      'lifetime_too_long',
      `The signature ends in ${Math.ceil((expiresAt - now) / 1000)} seconds, at most ${maxLifetime / 1000} are allowed.`,
      401,
    );
  }
  // A challenge replaces a timestamp: it bounds both when the signature was made and how long it is valid.
  if (time === undefined && expiresAt === undefined && challenge === undefined && !timeless) {
    fail(
      'insufficient_coverage',
      'The signature covers neither a time nor a challenge, which this server does not accept.',
      401,
    );
  }
}

/**
 * Requires that a challenge, if there is one, is valid.
 *
 * @throws SignatureError `invalid_challenge` if this server did not issue it, or if it has expired.
 */
export function requireChallenge({ challenge }: PresentedSignature, challenges: Challenges | undefined): void {
  if (challenge !== undefined && !challenges?.accepts(challenge)) {
    fail('invalid_challenge', 'The signature does not cover a recent challenge of this server: request one.', 401);
  }
}

/**
 * Requires that a key has a scope.
 *
 * @throws SignatureError `insufficient_scope`
 */
export function requireScope({ scopes = [] }: Pick<KeyRecord, 'scopes'>, scope: string | undefined): void {
  if (scope !== undefined && !scopes.includes(scope)) {
    fail('insufficient_scope', `The scopes of the key do not include ${scope}.`, 403);
  }
}

/** How a key was used. */
export type KeyUse = {
  /** The name of the scheme. */
  readonly scheme: string;
  readonly algorithm: string;
  /** The client's address, if known. */
  readonly address: string | undefined;
};

/**
 * Requires that the key may use this scheme and algorithm from this address.
 *
 * @throws SignatureError `scheme_not_allowed`, `address_not_allowed`; `key_store_unavailable` if the record's ranges are malformed.
 */
export function requireAllowed(record: KeyRecord, { scheme, algorithm, address }: KeyUse): void {
  const { schemes, algorithms, addresses } = record;
  if (schemes && !schemes.includes(scheme))
    fail('scheme_not_allowed', `The key may not use the scheme ${scheme}.`, 403);
  if (algorithms && !algorithms.includes(algorithm)) {
    fail('scheme_not_allowed', `The key may not use the algorithm ${algorithm}.`, 403);
  }
  if (addresses && !(address !== undefined && rangesOfKey(addresses)(address))) {
    fail('address_not_allowed', 'The key may not be used from this address.', 403);
  }
}

const parsedRanges = new WeakMap<readonly string[], Ranges>();

function rangesOfKey(addresses: readonly string[]): Ranges {
  let ranges = parsedRanges.get(addresses);
  if (!ranges) {
    try {
      ranges = parseRanges(addresses);
    } catch (cause) {
      return fail('key_store_unavailable', `The key record is invalid: ${(cause as Error).message}`, 503, cause);
    }
    parsedRanges.set(addresses, ranges);
  }
  return ranges;
}
