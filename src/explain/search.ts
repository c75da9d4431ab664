import { sha256OfBodySync } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { maskedMessage } from '../server/verify/shown-string.ts';
import type { CandidateSigner } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import { type Effort, isOver, pauseIfDue, spend } from './effort.ts';
import {
  changeBy,
  dependsOnBody,
  type Guess,
  type Reading,
  sameBytes,
  toDifference,
  tryRead,
  type Variation,
} from './variation.ts';

/** The input of a search for a guess whose signature is valid. */
export type Search = {
  readonly scheme: Scheme;
  /** The request as received. */
  readonly received: Guess;
  /** Yields the variations, each made when it is tried, after all signers have been tried with the request as received. */
  variations(): AsyncIterable<Variation>;
  readonly effort: Effort;
  /** Signers that may sign. */
  readonly signers: readonly CandidateSigner[];
  /** Signers that the caller may have used by mistake. */
  readonly strangers: readonly CandidateSigner[];
  /**
   * For a response to a caller that may be anyone: combines no difference with a signer that anyone has, and tries none of these where
   * the string to sign depends on headers that a proxy may have added, because a fit confirms a guess of their values. @default false
   */
  readonly guarded?: boolean | undefined;
};

/** The differences, signer and request with which the signature fits. */
export type Fit = {
  readonly differences: readonly Difference[];
  readonly signer: CandidateSigner;
  readonly guess: Guess;
};

/** The share of the budget that is reserved for other bodies with a digest, which are tried after the search. */
const reserve = 0.5;
/** The cost of steps beside their bytes. A trial with a public key costs some hundred times as much as with HMAC. */
const costs = { reading: 1000, hmac: 500, other: 200_000 } as const;

/**
 * Searches for the smallest set of differences with which the signature fits. A fit is proof, because a valid signature cannot be found
 * by chance. Adds to `leftOut` if the budget is spent before everything was tried.
 *
 * @returns undefined if nothing fits.
 */
export async function searchFit(search: Search): Promise<Fit | undefined> {
  const { effort } = search;
  for await (const { count, guess, reading, by, differences } of listAttempts(search)) {
    for (const signer of by) {
      await pauseIfDue(effort);
      if (!spend(effort, trialCost(reading, signer), reserve)) return stopSearch(effort, count);
      if (await isSignedBy(reading, signer.key))
        return { guess, signer, differences: [...differences(), ...(signer.difference ? [signer.difference] : [])] };
    }
    if (!spend(effort, readingCost(reading, guess), reserve)) return stopSearch(effort, count);
  }
  return undefined;
}

function stopSearch({ leftOut }: Effort, count: number): undefined {
  leftOut.add(count === 3 ? 'combinations-of-three' : 'combinations');
}

/** Returns the cost of reading a guess: its body, if the string to sign depends on it, and twice the string. */
export const readingCost = (reading: Reading, { body }: Guess): number =>
  costs.reading + (dependsOnBody(reading) ? body.length : 0) + 2 * reading.data.length;

/** Returns the cost of checking whether a signer made one of the signatures. */
export const trialCost = ({ data, presented }: Reading, { key }: CandidateSigner): number =>
  presented.signatures.length * (data.length + (key.algorithm.startsWith('hmac') ? costs.hmac : costs.other));

type Attempt = {
  /** The number of variations. */
  readonly count: number;
  readonly guess: Guess;
  readonly reading: Reading;
  readonly by: readonly CandidateSigner[];
  differences(): readonly Difference[];
};

/** Yields the attempts in order: no variation, other signers, one variation, one with a misused secret, two, one with another key, three. */
async function* listAttempts(search: Search): AsyncGenerator<Attempt> {
  const { scheme, received, signers, strangers } = search;
  const combinable = search.guarded ? strangers.filter(({ anyone }) => !anyone) : strangers;
  const [foreign, misused] = [true, false].map((wanted) => combinable.filter((one) => isForeign(one) === wanted));
  const reading = tryRead(scheme, received);
  if (!reading) return;
  const alone = search.guarded && dependsOnOthers(search, reading) ? combinable : strangers;
  for (const by of [signers, alone]) yield { count: 0, guess: received, reading, by, differences: () => [] };
  const effective: Variation[] = [];
  for await (const { variation, attempt } of listEffective(search, {
    reading,
    variations: search.variations(),
  })) {
    effective.push(variation);
    yield attempt;
  }
  // Without a signer, such as for an unknown key, combinations would prove nothing.
  const combined = signers.length ? effective : [];
  for (const chosen of choices(effective, 1)) yield* combine(chosen, search, misused ?? []);
  for (const chosen of choices(combined, 2)) yield* combine(chosen, search, signers);
  // After the pairs, because there may be many other keys.
  for (const chosen of choices(effective, 1)) yield* combine(chosen, search, foreign ?? []);
  for (const chosen of choices(combined, 3)) yield* combine(chosen, search, signers);
}

/** Whether the string to sign depends on headers whose values a response masks. */
function dependsOnOthers({ scheme, received }: Search, { data }: Reading): boolean {
  const masked = tryRead(scheme, { ...received, message: maskedMessage(received.message, scheme) });
  return !masked || !sameBytes(masked.data, data);
}

const isForeign = ({ difference }: CandidateSigner): boolean => difference?.code === 'secret-of-another-key';

/** Yields the combinations of this many variations of different parts. */
function* choices(all: readonly Variation[], count: number): Generator<readonly Variation[]> {
  if (count === 0) yield [];
  else {
    for (const [place, one] of all.entries()) {
      const later = all.slice(place + 1).filter(({ part }) => part !== one.part);
      for (const others of choices(later, count - 1)) yield [one, ...others];
    }
  }
}

/** Applies variations one after the other; yields nothing if the scheme cannot read the result. */
async function* combine(
  chosen: readonly Variation[],
  { scheme, received, effort }: Search,
  by: readonly CandidateSigner[],
): AsyncGenerator<Attempt> {
  await pauseIfDue(effort);
  if (isOver(effort)) return stopSearch(effort, chosen.length);
  const steps = [received];
  for (const variation of chosen) steps.push(changeBy(variation, steps.at(-1) ?? received));
  const guess = steps.at(-1) ?? received;
  const reading = tryRead(scheme, guess);
  if (!reading) return;
  const differences = () =>
    chosen.map((variation, place) => toDifference(variation, steps[place + 1] ?? received, steps[place] ?? received));
  yield { count: chosen.length, guess, reading, by, differences };
}

type Effective = { readonly variation: Variation; readonly attempt: Attempt };

/** Yields the variations that change the signed bytes, without duplicates. */
async function* listEffective(
  { scheme, received, signers, effort }: Search,
  { reading: plain, variations }: { readonly reading: Reading; readonly variations: AsyncIterable<Variation> },
): AsyncGenerator<Effective> {
  const seen = new Set([fingerprint(plain)]);
  for await (const variation of variations) {
    await pauseIfDue(effort);
    if (isOver(effort)) return stopSearch(effort, 1);
    const guess = changeBy(variation, received);
    const reading = guess === received ? undefined : tryRead(scheme, guess);
    if (!reading) continue;
    const key = fingerprint(reading);
    if (seen.has(key)) {
      if (!spend(effort, readingCost(reading, guess), reserve)) return stopSearch(effort, 1);
      continue;
    }
    seen.add(key);
    const differences = () => [toDifference(variation, guess, received)];
    yield { variation, attempt: { count: 1, guess, reading, by: signers, differences } };
  }
}

// The digest of a long text, so that a megabyte need not be kept for each variation.
const fingerprint = ({ data, text }: Reading): string =>
  text !== undefined && text.length < 65_536 ? text : hex(sha256OfBodySync(data));

/** Whether a key made one of the signatures. */
export async function isSignedBy({ presented, data }: Reading, key: SigningKey): Promise<boolean> {
  const own = presented.deriveKey ? await presented.deriveKey(key) : key;
  for (const signature of presented.signatures) {
    if (await own.verify(data, signature)) return true;
  }
  return false;
}
