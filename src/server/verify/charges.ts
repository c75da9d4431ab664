import type { SignatureError } from '../../core/errors.ts';
import { joinedFields } from '../response/join-fields.ts';
import { type Budget, type Limits, rateLimitHeaders, type VerifiedCaller } from './limits.ts';
import type { Verification } from './verify.ts';

type Fields = Readonly<Record<string, string>>;

/** A verified caller, and how its nonce is claimed. */
export type Claimant = { readonly caller: VerifiedCaller; readonly claim: () => Promise<void> };

/** Charges the budgets of a request, and records in the verification what was charged. */
export type Charges = {
  /**
   * Consumes a point of the address, before verification, so that parallel guesses cannot all pass before the first one fails.
   *
   * @throws SignatureError `rate_limited`, `limiter_unavailable`
   */
  chargeAddress(verification: Verification): Promise<void>;
  /**
   * Consumes a point of each budget of a verified caller, and runs `claim`. Returns the headers that describe the budgets.
   *
   * @throws SignatureError `rate_limited`, `limiter_unavailable`, and the errors of `claim`.
   */
  chargeCaller(verification: Verification, claimant: Claimant): Promise<Fields>;
  /** Returns the points that a request need not pay. Limiters that fail are ignored. */
  refund(verification: Verification, error: SignatureError | undefined): Promise<void>;
};

const noHeaders: Fields = Object.freeze({});

/** Creates the charges for the limits of a verifier. */
export function createCharges({ byAddress, ofCaller, consume, refund }: Limits): Charges {
  async function chargeAll(verification: Verification, budgets: readonly Budget[]): Promise<readonly Fields[]> {
    const fields: Fields[] = [];
    for (const budget of budgets) {
      verification.budget = budget;
      fields.push(rateLimitHeaders(budget, await consume(budget)));
      verification.chargedCaller = [...(verification.chargedCaller ?? []), budget];
    }
    return fields;
  }

  return {
    async chargeAddress(verification) {
      const budget = byAddress?.(verification.address);
      if (!budget) return;
      verification.budget = budget;
      await consume(budget);
      verification.chargedAddress = budget;
    },
    async chargeCaller(verification, { caller, claim }) {
      const budgets = ofCaller(caller);
      if (!budgets.length) {
        await claim();
        return noHeaders;
      }
      // Before the claim, so that no caller can fill the replay store beyond its limit.
      const early = await chargeAll(verification, budgets.filter(isReturnable));
      await claim();
      // A replay must cost the caller nothing, so a limiter that cannot return a point is charged after the claim.
      const late = await chargeAll(
        verification,
        budgets.filter((budget) => !isReturnable(budget)),
      );
      const fields = [...early, ...late];
      return fields.length < 2 ? (fields[0] ?? noHeaders) : joinedFields(fields);
    },
    async refund({ chargedAddress, chargedCaller = [], claimed, budget }, error) {
      const isOverLimit = error?.code === 'rate_limited' && budget?.name !== 'address';
      // The address does not pay for requests of known callers, also over their limit, nor for stores that fail.
      if (chargedAddress && (claimed || isOverLimit || error?.status === 503)) await refund(chargedAddress);
      if (!claimed || isOverLimit) for (const one of chargedCaller) await refund(one);
    },
  };
}

const isReturnable = ({ limiter }: Budget): boolean => limiter.reward !== undefined;
