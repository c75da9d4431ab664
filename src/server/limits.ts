import { fail } from '../core/errors.ts';
import { inTime } from '../core/in-time.ts';
import { storeFault } from '../core/store-fault.ts';
import type { Limiter } from './contracts.ts';

/** A budget, and who draws on it. */
export type Budget = {
  /** Which of the verifier's limits it is: callers are told. */
  readonly name: 'address' | 'key';
  readonly limiter: Limiter;
  /** The client address or the access key. */
  readonly key: string;
};

/**
 * Takes one from a budget, and returns what the limiter says of the rest.
 *
 * @param timeout for how many milliseconds the limiter is waited for.
 * @throws SignatureError `rate_limited`, `limiter_unavailable`
 */
export async function withinLimit(budget: Budget, timeout: number): Promise<unknown> {
  const { limiter, key } = budget;
  let taken: Promise<unknown> | undefined;
  try {
    taken = Promise.resolve(limiter.consume(key));
    return await inTime(taken, timeout);
  } catch (cause) {
    if (waitOf(cause) !== undefined || !isFault(cause)) {
      return fail('rate_limited', 'Too many requests. Try again later.', 429, cause);
    }
    // What is taken after that has been taken for nothing.
    taken?.then(() => giveBack(budget, timeout)).catch(() => {});
    return fail('limiter_unavailable', storeFault(`The limiter by ${budget.name}`, cause), 503, cause);
  }
}

/** Gives back what was taken. A limiter that cannot, or not in time, leaves the caller with less, which decides nothing. */
export async function giveBack({ limiter, key }: Budget, timeout: number): Promise<void> {
  try {
    await inTime(Promise.resolve(limiter.reward?.(key)), timeout);
  } catch {
    // The request has been judged.
  }
}

/** In how many milliseconds there is budget again, where the limiter says. */
export function waitOf(answer: unknown): number | undefined {
  const told = partsOf(answer).map((part) => (part as Partial<RateLimit> | undefined)?.msBeforeNext);
  const waits = told.filter((wait): wait is number => typeof wait === 'number' && wait >= 0);
  return waits.length ? Math.max(...waits) : undefined;
}

type RateLimit = { readonly msBeforeNext: unknown; readonly remainingPoints: unknown };

const isFault = (cause: unknown): boolean => partsOf(cause).some((part) => part instanceof Error);

// A union of limiters (rate-limiter-flexible) rejects with what each of them said, by name.
const partsOf = (answer: unknown): readonly unknown[] =>
  typeof answer === 'object' && answer !== null ? [answer, ...Object.values(answer)] : [answer];

/**
 * What a caller may know of a budget: RateLimit-Policy and RateLimit as in draft-ietf-httpapi-ratelimit-headers-10, as far as
 * the limiter says.
 */
export function rateLimitHeaders({ name, limiter }: Budget, answer: unknown): Record<string, string> {
  const remaining = whole((answer as Partial<RateLimit> | undefined | null)?.remainingPoints);
  const [quota, window] = [whole(limiter.points), whole(limiter.duration)];
  const wait = waitOf(answer);
  const reset = whole(wait === undefined ? undefined : wait / 1000);
  return {
    ...(quota !== undefined && { 'RateLimit-Policy': `"${name}";q=${quota}${window ? `;w=${window}` : ''}` }),
    ...(remaining !== undefined && {
      RateLimit: `"${name}";r=${remaining}${reset === undefined ? '' : `;t=${reset}`}`,
    }),
  };
}

// The integers of structured fields have at most 15 digits (RFC 9651 section 3.3.1).
const whole = (value: unknown): number | undefined =>
  typeof value === 'number' && value < 1e15 ? Math.max(0, Math.ceil(value)) : undefined;
