import { type Awaitable, isPromise } from '../../core/awaitable.ts';
import { bytesToSign, hex } from '../../core/encoding.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { claimId } from '../../stores/claim.ts';
import { toStoreError } from '../../stores/store-fault.ts';
import type { ReplayStore } from '../contracts.ts';
import { sha256OfReceived } from './body.ts';
import type { Match } from './match-key.ts';
import type { Candidate } from './signatures.ts';

/**
 * How much longer a nonce is remembered than its request could be accepted, at either end, in milliseconds: until it is claimed, time
 * passes.
 */
export const claimMargin = 5000;

/** How nonces are claimed. */
export type ClaimRules = {
  /** When key and signatures were found valid, in milliseconds since the epoch. */
  readonly now: number;
  /** In milliseconds. */
  readonly tolerance: number;
  readonly clock: () => number;
  /** For how long a nonce is remembered, in milliseconds. */
  readonly remembered: number;
  /** The same for signatures without a time. */
  readonly timelessMemory: number;
  /** True if a nonce that was claimed before is reported instead of refused. */
  readonly reportDuplicates: boolean;
  /** True if the finding `no-nonce` is accepted. */
  readonly reusable: boolean;
  /** Charges the caller if the request is refused after a nonce was stored, such as that of the first of two signatures. */
  readonly chargeStored: () => Promise<unknown>;
};

/**
 * Claims a nonce for every valid signature; otherwise a doubly signed request could be replayed with only its second signature.
 * Runs as the last authentication check, because a claimed nonce cannot be used again.
 *
 * @returns true if one of them was claimed before, and that is only reported.
 * @throws SignatureError `replayed_request`, `replay_store_full`, `replay_store_unavailable`
 */
export async function claimNonces(replay: ReplayStore, matches: readonly Match[], rules: ClaimRules): Promise<boolean> {
  const claims = await listClaims(matches, rules);
  let isStored = false;
  let isDuplicate = false;
  try {
    for (const claim of claims.values()) {
      const claimed = claimOne(replay, claim);
      const outcome = isPromise(claimed) ? await claimed : claimed;
      if (rules.reportDuplicates && outcome === 'seen') isDuplicate = true;
      else requireUnseen(outcome);
      isStored = true;
    }
  } catch (error) {
    if (isStored) await rules.chargeStored().catch(() => undefined);
    throw error;
  }
  // The store may have forgotten the nonce of an earlier copy before this claim reached it.
  if (rules.clock() - rules.now > claimMargin) {
    fail('replay_store_unavailable', 'The replay store took too long to respond.', 503);
  }
  return isDuplicate;
}

async function listClaims(matches: readonly Match[], rules: ClaimRules): Promise<ReadonlyMap<string, Claim>> {
  // Schemes that share headers present the same nonce twice; it is claimed once.
  const claims = new Map<string, Claim>();
  for (const match of matches) {
    const { accessKey: whole, session, presented } = match.candidate;
    if (rules.reusable && presented.reusable) continue;
    const own = presented.nonce ?? presented.challenge ?? (await digestOf(match));
    // Counted for the parent, whose holder can derive any number of sessions, and distinct per session.
    const accessKey = session?.parent ?? whole;
    const nonce = session ? claimId(whole, own) : own;
    const expiresAt = claimEnd(match.candidate, rules);
    const notBefore = earliestUse(match.candidate, rules);
    claims.set(`${accessKey}\n${nonce}`, { accessKey, nonce, expiresAt, notBefore });
  }
  return claims;
}

function claimOne(replay: ReplayStore, { accessKey, nonce, expiresAt, notBefore }: Claim): Awaitable<unknown> {
  try {
    const claimed: Awaitable<unknown> = replay.claim(accessKey, nonce, expiresAt, notBefore);
    // Wrapped, because the `then` of a foreign thenable may return anything.
    return isPromise(claimed) ? Promise.resolve(claimed).catch(unavailable) : claimed;
  } catch (cause) {
    return unavailable(cause);
  }
}

type Claim = {
  readonly accessKey: string;
  readonly nonce: string;
  /** In milliseconds since the epoch, like `notBefore`. */
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
};

// Not the digest of the signature: with some algorithms anyone can turn a valid signature into another valid one.
const digestOf = async ({ stringToSign }: Match): Promise<string> =>
  hex(await sha256OfReceived(bytesToSign(stringToSign)));

// `expiresAt` extends the claim only if there is no timestamp. Otherwise a caller could make the store keep a nonce for ever.
function claimEnd({ presented, session }: Candidate, rules: ClaimRules): number {
  const { time, expiresAt = 0 } = presented;
  const sessionEnd = session ? session.grant.expiresAt * 1000 : Infinity;
  const end = rules.now + memoryOf(presented, rules);
  return Math.max(end, time === undefined ? Math.min(expiresAt, sessionEnd) : 0) + claimMargin;
}

/**
 * The earliest time at which a verifier can have accepted the same request, by the rules of `requireFresh` and `requireRunning`;
 * undefined if nothing bounds it.
 */
function earliestUse({ presented, session }: Candidate, rules: ClaimRules): number | undefined {
  const { time, notBefore, expiresAt, maxLifetime = Infinity } = presented;
  const { now, tolerance } = rules;
  const start = time ?? notBefore ?? (expiresAt === undefined ? undefined : expiresAt - maxLifetime);
  const begin = Math.max(start ?? -Infinity, session ? session.grant.beginsAt * 1000 : -Infinity) - tolerance;
  // Without a start, a challenge or `timelessMemory` bounds it.
  const earliest = start === undefined ? Math.max(begin, now - memoryOf(presented, rules)) : begin;
  return earliest === -Infinity ? undefined : earliest - claimMargin;
}

const memoryOf = (presented: PresentedSignature, { remembered, timelessMemory }: ClaimRules): number =>
  isTimeless(presented) ? timelessMemory : remembered;

const isTimeless = ({ time, expiresAt, challenge }: PresentedSignature): boolean =>
  time === undefined && expiresAt === undefined && challenge === undefined;

function unavailable(cause: unknown): never {
  // Stores of this package give a precise reason.
  if (cause instanceof SignatureError && cause.code.startsWith('replay_store_')) throw cause;
  return fail('replay_store_unavailable', toStoreError('The replay store', cause), 503, cause);
}

function requireUnseen(claim: unknown): void {
  if (claim === 'seen') fail('replayed_request', 'This request has been received before: sign each attempt anew.', 401);
  // Any other value does not prove that the nonce is new.
  if (claim !== 'fresh') {
    fail('replay_store_unavailable', 'The replay store returned neither fresh nor seen.', 503);
  }
}
