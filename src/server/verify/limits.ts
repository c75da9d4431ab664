import { fail } from '../../core/errors.ts';
import { toStoreError } from '../../stores/store-fault.ts';
import { withTimeout } from '../../stores/with-timeout.ts';
import type { Limiter } from '../contracts.ts';
import { maskAddress } from '../ranges.ts';
import type { LimitOptions } from './verifier-options.ts';

/** One budget of a limiter. */
export type Budget = {
  /** Which limit of the verifier it belongs to. Callers see this name. */
  readonly name: 'address' | 'subject' | 'key';
  readonly limiter: Limiter;
  /** The network of the client, the access key and a subject of its sessions, or the access key. */
  readonly key: string;
};

/** The caller of a verified request. */
export type VerifiedCaller = {
  /** Of a session: that of its parent. */
  readonly accessKey: string;
  /** For whom the session is, if it is one and its issuer named somebody. */
  readonly subject: string | undefined;
};

/** The limits of a verifier. */
export type Limits = {
  /** The budget of a client address; undefined if there is no limiter by address. */
  readonly byAddress: ((address: string | undefined) => Budget) | undefined;
  /** The budgets of a verified caller, in the order in which they are charged: of its subject, if it has one, then of its key. */
  readonly ofCaller: (caller: VerifiedCaller) => readonly Budget[];
  /**
   * Consumes one point, and returns the limiter's result.
   *
   * @throws SignatureError `rate_limited`, `limiter_unavailable`
   */
  consume(budget: Budget): Promise<unknown>;
  /** Returns one point. If the limiter fails or is slow, the caller loses the point; the request is not affected. */
  refund(budget: Budget): Promise<void>;
};

/**
 * @throws SignatureError `invalid_configuration`
 */
export function createLimits({ byAddress, byKey, bySubject, timeout = 2000, ipv6Prefix = 64 }: LimitOptions): Limits {
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout of limits must be a positive number of milliseconds.');
  if (!(Number.isInteger(ipv6Prefix) && ipv6Prefix >= 1 && ipv6Prefix <= 128)) {
    fail('invalid_configuration', `ipv6Prefix is ${ipv6Prefix}, it must be a whole number of bits, 1 to 128.`);
  }

  async function refund({ limiter, key }: Budget): Promise<void> {
    try {
      await withTimeout(Promise.resolve(limiter.reward?.(key)), timeout);
    } catch {
      // The verification result is already known.
    }
  }

  async function consume(budget: Budget): Promise<unknown> {
    const { name, limiter, key } = budget;
    let taken: Promise<unknown> | undefined;
    try {
      taken = Promise.resolve(limiter.consume(key));
      return await withTimeout(taken, timeout);
    } catch (cause) {
      if (readWait(cause) !== undefined || !isFault(cause)) {
        return refuseOverLimit(cause);
      }
      // A point that is consumed after the timeout is returned.
      taken?.then(() => refund(budget)).catch(() => {});
      return fail('limiter_unavailable', toStoreError(`The limiter by ${name}`, cause), 503, cause);
    }
  }

  return {
    byAddress:
      byAddress &&
      ((address) => ({ name: 'address', limiter: byAddress, key: maskAddress(address ?? 'unknown', ipv6Prefix) })),
    ofCaller({ accessKey, subject }) {
      const budgets: Budget[] = [];
      // First, so that one user who asks too often does not use up what all users of the key share. An access key has no space.
      if (bySubject && subject !== undefined) {
        budgets.push({ name: 'subject', limiter: bySubject, key: `${accessKey} ${subject}` });
      }
      if (byKey) budgets.push({ name: 'key', limiter: byKey, key: accessKey });
      return budgets;
    },
    consume,
    refund,
  };
}

/**
 * @param cause the limiter's result.
 * @throws SignatureError `rate_limited`
 */
export const refuseOverLimit = (cause: unknown): never =>
  fail('rate_limited', 'Too many requests. Try again later.', 429, cause);

/** The wait in milliseconds until the budget has points again, if the limiter returns it. */
export function readWait(result: unknown): number | undefined {
  const values = partsOf(result).map((part) => (part as Partial<RateLimit> | undefined)?.msBeforeNext);
  const waits = values.filter((wait): wait is number => typeof wait === 'number' && wait >= 0);
  return waits.length ? Math.max(...waits) : undefined;
}

type RateLimit = { readonly msBeforeNext: unknown; readonly remainingPoints: unknown };

const isFault = (cause: unknown): boolean => partsOf(cause).some((part) => part instanceof Error);

// A union of limiters (rate-limiter-flexible) rejects with an object that has each limiter's result, by name.
const partsOf = (result: unknown): readonly unknown[] =>
  typeof result === 'object' && result !== null ? [result, ...Object.values(result)] : [result];

/**
 * The headers that describe a budget to the caller: RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10), as far as the limiter provides the values.
 */
export function rateLimitHeaders({ name, limiter }: Budget, result: unknown): Record<string, string> {
  const remaining = whole((result as Partial<RateLimit> | undefined | null)?.remainingPoints);
  const [quota, window] = [whole(limiter.points), whole(limiter.duration)];
  const wait = readWait(result);
  const reset = whole(wait === undefined ? undefined : wait / 1000);
  return {
    ...(quota !== undefined && { 'RateLimit-Policy': `"${name}";q=${quota}${window ? `;w=${window}` : ''}` }),
    ...(remaining !== undefined && {
      RateLimit: `"${name}";r=${remaining}${reset === undefined ? '' : `;t=${reset}`}`,
    }),
  };
}

// Integers in structured fields have at most 15 digits (RFC 9651 section 3.3.1).
const whole = (value: unknown): number | undefined =>
  typeof value === 'number' && value < 1e15 ? Math.max(0, Math.ceil(value)) : undefined;
