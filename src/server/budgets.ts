import type { SignatureError } from '../core/errors.ts';
import type { Attempt } from './attempt.ts';
import { type Budget, giveBack, rateLimitHeaders, withinLimit } from './limits.ts';
import type { VerifierOptions } from './verifier-options.ts';

/** What attempts cost, by address and by key. */
export type Budgets = {
  /**
   * Takes one from the budget of the address, in advance, once: many guesses at the same time are not let through before the
   * first is judged.
   */
  charge(attempt: Attempt): Promise<void>;
  /** Takes one from the budget of the key, and returns what its holder may know of the rest. */
  draw(attempt: Attempt, accessKey: string): Promise<Readonly<Record<string, string>>>;
  /** Gives the address back what it has paid, where it turned out to be honest, or the fault to be the server's own. */
  settle(attempt: Attempt, error: SignatureError | undefined): Promise<void>;
};

const nothing = Object.freeze({});

/**
 * @throws SignatureError (what the functions return) `rate_limited`, `limiter_unavailable`
 */
export function budgetsOf({ byAddress, byKey }: NonNullable<VerifierOptions['limits']>): Budgets {
  return {
    async charge(attempt) {
      if (!byAddress || attempt.budget) return;
      attempt.budget = { name: 'address', limiter: byAddress, key: attempt.address ?? 'unknown' };
      await withinLimit(attempt.budget);
      attempt.charge = attempt.budget;
    },
    async draw(attempt, accessKey) {
      if (!byKey) return nothing;
      const budget: Budget = { name: 'key', limiter: byKey, key: accessKey };
      attempt.budget = budget;
      return rateLimitHeaders(budget, await withinLimit(budget));
    },
    async settle({ charge, honest }, error) {
      if (charge && (honest || (error && error.status >= 500))) await giveBack(charge);
    },
  };
}
