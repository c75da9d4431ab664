import { sha256OfBodySync } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { CandidateSigner } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import { type Effort, spend } from './effort.ts';
import {
  changeBy,
  type Guess,
  isMadeOfBody,
  type Reading,
  toDifference,
  tryRead,
  type Variation,
} from './variation.ts';

/** What is looked for: guesses of which a signer made the signature. */
export type Search = {
  readonly scheme: Scheme;
  /** The request as it was received. */
  readonly received: Guess;
  /** Makes them when first asked: not before the request as it was received is tried by all. */
  variations(): Promise<readonly Variation[]>;
  readonly effort: Effort;
  /** Who may sign. */
  readonly signers: readonly CandidateSigner[];
  /** Who may have signed by mistake. */
  readonly strangers: readonly CandidateSigner[];
};

/** By what the signature fits, and the request as it was signed. */
export type Fit = {
  readonly differences: readonly Difference[];
  readonly signer: CandidateSigner;
  readonly guess: Guess;
};

/** What is kept for other bodies under a digest, which are tried after the search (bytes). */
const reserve = 1e8;
/** What steps cost beside their bytes. With public keys, a trial costs some hundred times as much as with HMAC. */
const costs = { reading: 1000, hmac: 500, other: 200_000 } as const;

/**
 * Looks for the fewest differences with which the signature fits. A fit proves them, because nobody finds a signature by
 * guessing. Notes in `leftOut` where the effort is spent before all is tried.
 *
 * @returns undefined where nothing fits.
 */
export async function tryFit(search: Search): Promise<Fit | undefined> {
  const { effort } = search;
  for await (const { count, guess, reading, by, differences } of attemptsOf(search)) {
    for (const signer of by) {
      if (!spend(effort, trialCost(reading, signer), reserve)) return ended(effort, count);
      if (await isSignedBy(reading, signer.key))
        return { guess, signer, differences: [...differences(), ...(signer.difference ? [signer.difference] : [])] };
    }
    if (!spend(effort, readingCost(reading, guess), reserve)) return ended(effort, count);
  }
  return undefined;
}

function ended({ leftOut }: Effort, count: number): undefined {
  leftOut.add(count === 3 ? 'combinations-of-three' : 'combinations');
}

/** What it costs to read a guess: its body where the string to sign is made of it, and the string twice. */
export const readingCost = (reading: Reading, { body }: Guess): number =>
  costs.reading + (isMadeOfBody(reading) ? body.length : 0) + 2 * reading.data.length;

/** What it costs to see whether a signer made one of the signatures. */
export const trialCost = ({ data, presented }: Reading, { key }: CandidateSigner): number =>
  presented.signatures.length * (data.length + (key.algorithm.startsWith('hmac') ? costs.hmac : costs.other));

type Attempt = {
  /** How many variations it holds. */
  readonly count: number;
  readonly guess: Guess;
  readonly reading: Reading;
  readonly by: readonly CandidateSigner[];
  differences(): readonly Difference[];
};

/** What to try, and in which order: no variation, another signer, one variation, two, one with another signer, three. */
async function* attemptsOf(search: Search): AsyncGenerator<Attempt> {
  const { scheme, received, signers, strangers } = search;
  const reading = tryRead(scheme, received);
  if (!reading) return;
  for (const by of [signers, strangers]) yield { count: 0, guess: received, reading, by, differences: () => [] };
  const effective: Variation[] = [];
  for (const { variation, attempt } of effectiveOf(search, { reading, variations: await search.variations() })) {
    effective.push(variation);
    yield attempt;
  }
  for (const chosen of choices(effective, 2)) yield* together(chosen, search, signers);
  // Later, because there may be many strangers.
  for (const chosen of choices(effective, 1)) yield* together(chosen, search, strangers);
  for (const chosen of choices(effective, 3)) yield* together(chosen, search, signers);
}

/** So many variations of different parts. */
function* choices(all: readonly Variation[], count: number): Generator<readonly Variation[]> {
  if (count === 0) yield [];
  else {
    for (const [place, one] of all.entries()) {
      const later = all.slice(place + 1).filter(({ part }) => part !== one.part);
      for (const others of choices(later, count - 1)) yield [one, ...others];
    }
  }
}

/** Variations, one upon the other; nothing where the scheme cannot read what comes of them. */
function* together(
  chosen: readonly Variation[],
  { scheme, received }: Pick<Search, 'scheme' | 'received'>,
  by: readonly CandidateSigner[],
): Generator<Attempt> {
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

/** The variations that change what is signed, each change once. */
function* effectiveOf(
  { scheme, received, signers, effort }: Search,
  { reading: plain, variations }: { readonly reading: Reading; readonly variations: readonly Variation[] },
): Generator<Effective> {
  const seen = new Set([keyOf(plain)]);
  for (const variation of variations) {
    const guess = changeBy(variation, received);
    const reading = guess === received ? undefined : tryRead(scheme, guess);
    if (!reading) continue;
    const key = keyOf(reading);
    if (seen.has(key)) {
      if (!spend(effort, readingCost(reading, guess), reserve)) return ended(effort, 1);
      continue;
    }
    seen.add(key);
    const differences = () => [toDifference(variation, guess, received)];
    yield { variation, attempt: { count: 1, guess, reading, by: signers, differences } };
  }
}

// A text of a megabyte would be kept for each variation, if it were not for its digest.
const keyOf = ({ data, text }: Reading): string =>
  text !== undefined && text.length < 65_536 ? text : hex(sha256OfBodySync(data));

/** Whether a key made one of the signatures. */
export async function isSignedBy({ presented, data }: Reading, key: SigningKey): Promise<boolean> {
  const own = presented.deriveKey ? await presented.deriveKey(key) : key;
  for (const signature of presented.signatures) {
    if (await own.verify(data, signature)) return true;
  }
  return false;
}
