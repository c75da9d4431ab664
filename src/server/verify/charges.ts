import { SignatureError } from '../../core/errors.ts';
import { evictOldest } from '../keys/opened-keys.ts';
import { joinedFields } from '../response/join-fields.ts';
import {
  type Budget,
  type Limits,
  rateLimitHeaders,
  readWait,
  refuseOverLimit,
  type VerifiedCaller,
} from './limits.ts';
import type { Verification } from './verify.ts';

type Fields = Readonly<Record<string, string>>;

/** Charges the budgets of a request, and records in the verification what was charged. */
export type Charges = {
  /**
   * Consumes a point of the address, before verification, so that parallel guesses cannot all pass before the first one fails.
   *
   * @throws SignatureError `rate_limited`, `limiter_unavailable`
   */
  chargeAddress(verification: Verification): Promise<void>;
  /**
   * Refuses a caller that a limiter refused within the last second. Consumes nothing: what is not yet claimed may be a replay, which
   * must not cost the caller anything.
   *
   * @throws SignatureError `rate_limited`
   */
  refuseExhausted(verification: Verification, caller: VerifiedCaller): void;
  /**
   * Consumes a point of each budget of a caller whose nonce is claimed. Returns the headers that describe the budgets.
   *
   * @throws SignatureError `rate_limited`, `limiter_unavailable`
   */
  chargeCaller(verification: Verification, caller: VerifiedCaller): Promise<Fields>;
  /** Returns the point of an address that need not pay. A limiter that fails is ignored. */
  refundAddress(verification: Verification, error: SignatureError | undefined): Promise<void>;
};

/** For how long a refusal of a limiter is remembered at most, in milliseconds: the limiter may be reset. */
const longest = 1000;
/** Of how many callers. */
const capacity = 10_000;

const noHeaders: Fields = Object.freeze({});

/** Creates the charges for the limits of a verifier. */
export function createCharges({ byAddress, ofCaller, consume, refund }: Limits): Charges {
  // Until when a caller is refused, by performance.now(). Only holders of keys can be in it.
  const exhausted = new Map<string, { readonly until: number; readonly cause: unknown }>();

  function remember(budget: Budget, error: unknown): void {
    if (!(error instanceof SignatureError && error.code === 'rate_limited')) return;
    const until = performance.now() + Math.min(readWait(error.cause) ?? longest, longest);
    exhausted.delete(nameOf(budget));
    exhausted.set(nameOf(budget), { until, cause: error.cause });
    evictOldest(exhausted, capacity);
  }

  return {
    async chargeAddress(verification) {
      const budget = byAddress?.(verification.address);
      if (!budget) return;
      verification.budget = budget;
      await consume(budget);
      verification.chargedAddress = budget;
    },
    refuseExhausted(verification, caller) {
      if (!exhausted.size) return;
      for (const budget of ofCaller(caller)) {
        const found = exhausted.get(nameOf(budget));
        if (!found || performance.now() >= found.until) continue;
        verification.budget = budget;
        refuseOverLimit(found.cause);
      }
    },
    async chargeCaller(verification, caller) {
      const paid: Budget[] = [];
      const fields: Fields[] = [];
      for (const budget of ofCaller(caller)) {
        verification.budget = budget;
        try {
          fields.push(rateLimitHeaders(budget, await consume(budget)));
        } catch (error) {
          remember(budget, error);
          for (const one of paid) await refund(one);
          throw error;
        }
        paid.push(budget);
      }
      return fields.length < 2 ? (fields[0] ?? noHeaders) : joinedFields(fields);
    },
    async refundAddress({ chargedAddress, claimed, budget }, error) {
      const isOverLimit = error?.code === 'rate_limited' && budget?.name !== 'address';
      // The address does not pay for requests of known callers, also over their limit, nor for stores that fail.
      if (chargedAddress && (claimed || isOverLimit || error?.status === 503)) await refund(chargedAddress);
    },
  };
}

const nameOf = ({ name, key }: Budget): string => `${name} ${key}`;
