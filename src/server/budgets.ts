import { fail, type SignatureError } from '../core/errors.ts';
import type { Eventual } from '../core/eventual.ts';
import type { Attempt } from './attempt.ts';
import { type Budget, giveBack, rateLimitHeaders, withinLimit } from './limits.ts';
import { networkOf } from './ranges.ts';
import type { LimitOptions } from './verifier-options.ts';

/** What attempts cost, by address and by key. */
export type Budgets = {
  /**
   * Takes one from the budget of the address, in advance, once: many guesses at the same time are not let through before the
   * first is judged.
   */
  charge(attempt: Attempt): Eventual<void>;
  /** Takes one from the budget of the key, and returns what its holder may know of the rest. */
  draw(attempt: Attempt, accessKey: string): Eventual<Readonly<Record<string, string>>>;
  /** Gives the address back what it has paid, where it turned out to be honest, or the fault to be the server's own. */
  settle(attempt: Attempt, error: SignatureError | undefined): Eventual<void>;
};

const nothing = Object.freeze({});

/**
 * @throws SignatureError `invalid_configuration`; (what the functions return) `rate_limited`, `limiter_unavailable`
 */
export function budgetsOf({ byAddress, byKey, timeout = 2000, ipv6Prefix = 64 }: LimitOptions): Budgets {
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout of limits must be a positive number of milliseconds.');
  if (!(Number.isInteger(ipv6Prefix) && ipv6Prefix >= 1 && ipv6Prefix <= 128)) {
    fail('invalid_configuration', `ipv6Prefix is ${ipv6Prefix}, it must be a whole number of bits, 1 to 128.`);
  }
  return {
    charge(attempt) {
      if (!byAddress || attempt.budget) return undefined;
      const key = networkOf(attempt.address ?? 'unknown', ipv6Prefix);
      const budget: Budget = { name: 'address', limiter: byAddress, key };
      attempt.budget = budget;
      return withinLimit(budget, timeout).then(() => {
        attempt.charge = budget;
      });
    },
    draw(attempt, accessKey) {
      if (!byKey) return nothing;
      const budget: Budget = { name: 'key', limiter: byKey, key: accessKey };
      attempt.budget = budget;
      return withinLimit(budget, timeout).then((rest) => rateLimitHeaders(budget, rest));
    },
    settle({ charge, honest }, error) {
      return charge && (honest || (error && error.status >= 500)) ? giveBack(charge, timeout) : undefined;
    },
  };
}
