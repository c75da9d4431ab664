import { sha256OfBody } from '../core/digest.ts';
import { bytesToSign, hex } from '../core/encoding.ts';
import { fail, SignatureError } from '../core/errors.ts';
import { type Eventual, inTurn, whenThere } from '../core/eventual.ts';
import type { PresentedSignature, ToSign } from '../core/scheme.ts';
import { storeFault } from '../core/store-fault.ts';
import type { ReplayClaim, ReplayStore } from './contracts.ts';
import type { Proof } from './prove.ts';

/** A nonce, whose it is, and until when it must be remembered, in milliseconds since the epoch. */
export type Claim = { readonly accessKey: string; readonly nonce: string; readonly expiresAt: number };

/** For how long a nonce must be remembered. */
export type ClaimRules = {
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** In milliseconds, from now on. */
  readonly remembered: number;
  /** Whether the provider has named the finding `no-nonce`. */
  readonly reusable: boolean;
};

/**
 * What is claimed for a request, so that it is accepted once, by whichever of the signatures that prove it: or else one that
 * has two could be taken apart and sent once more by the second.
 */
export function claimsOf(proofs: readonly Proof[], rules: ClaimRules): Eventual<readonly Claim[]> {
  const claimed = rules.reusable ? proofs.filter(({ candidate }) => !candidate.presented.reusable) : proofs;
  const claims = inTurn(claimed, (proof) => {
    const { accessKey, presented } = proof.candidate;
    const expiresAt = endOf(presented, rules);
    return whenThere(nonceOf(proof), (nonce): Claim => ({ accessKey, nonce, expiresAt }));
  });
  return proofs.length === 1 ? claims : whenThere(claims, withoutTwins);
}

/** Schemes that share headers present one nonce twice. */
const withoutTwins = (claims: readonly Claim[]): readonly Claim[] => [
  ...new Map(claims.map((claim) => [`${claim.accessKey}\n${claim.nonce}`, claim])).values(),
];

// Not the signature, of which some algorithms let anyone make another valid one.
const nonceOf = ({ candidate: { presented }, stringToSign }: Proof): Eventual<string> =>
  presented.nonce ?? presented.challenge ?? digestOf(stringToSign);

const digestOf = async (stringToSign: ToSign): Promise<string> => hex(await sha256OfBody(bytesToSign(stringToSign)));

// Only a signature without a time of its own lives as long as it says, or else whoever signs could have a nonce remembered
// for ever.
const endOf = ({ time, expiresAt = 0 }: PresentedSignature, { now, remembered }: ClaimRules): number =>
  Math.max(now + remembered, time === undefined ? expiresAt : 0) + 1000;

/**
 * Claims the nonce: the last step that proves a request, because a nonce once claimed is spent.
 *
 * @throws SignatureError `replayed_request`, and `replay_store_full` or `replay_store_unavailable` when it cannot be told.
 */
export function requireUnseen(replay: ReplayStore, { accessKey, nonce, expiresAt }: Claim): Eventual<void> {
  let claim: Eventual<ReplayClaim>;
  try {
    claim = replay.claim(accessKey, nonce, expiresAt);
  } catch (cause) {
    return untold(cause);
  }
  return whenThere(claim, requireNew, untold);
}

function untold(cause: unknown): never {
  // A store of ours says itself what is wrong with it.
  if (cause instanceof SignatureError && cause.code.startsWith('replay_store_')) throw cause;
  return fail('replay_store_unavailable', storeFault('The replay store', cause), 503, cause);
}

function requireNew(claim: unknown): void {
  if (claim === 'seen') fail('replayed_request', 'This request has been received before: sign each attempt anew.', 401);
  // Whatever else a store answers is no proof of freshness.
  if (claim !== 'fresh') {
    fail('replay_store_unavailable', 'The replay store must respond with fresh or seen, and does not.', 503);
  }
}
