import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { Difference } from './difference.ts';
import { changedBy, differenceOf, type Guess, type Reading, readingOf, type Variation } from './guess.ts';
import type { Signer } from './signers.ts';

/** What is looked for: guesses of which a signer made the signature. */
export type Search = {
  readonly scheme: Scheme;
  /** The request as it was received. */
  readonly received: Guess;
  readonly variations: readonly Variation[];
  /** Who may sign. */
  readonly signers: readonly Signer[];
  /** Who may have signed by mistake. */
  readonly strangers: readonly Signer[];
};

/** By what the signature fits, and the request as it was signed. */
export type Fit = { readonly differences: readonly Difference[]; readonly signer: Signer; readonly guess: Guess };

/** What a search may cost, in bytes that are hashed: about a second. Two variations at once are within it, as a rule. */
const most = 2e7;
/** What a trial costs beside its bytes; with public keys, it is some hundred times as much. */
const trial = { hmac: 300, other: 50_000 } as const;

/**
 * Looks for the fewest differences with which the signature fits. A fit proves them, because nobody finds a signature by
 * guessing.
 *
 * @returns undefined where nothing fits.
 */
export async function fitOf(search: Search): Promise<Fit | undefined> {
  let left = most;
  for (const { guess, by, differences } of attemptsOf(search)) {
    const reading = readingOf(search.scheme, guess);
    if (!reading) continue;
    const signer = await signerOf(reading, by);
    if (signer)
      return { guess, signer, differences: [...differences(), ...(signer.difference ? [signer.difference] : [])] };
    left -= costOf(reading, by);
    if (left < 0) return undefined;
  }
  return undefined;
}

async function signerOf(reading: Reading, signers: readonly Signer[]): Promise<Signer | undefined> {
  for (const signer of signers) if (await isSignedBy(reading, signer.key)) return signer;
  return undefined;
}

const costOf = ({ data }: Reading, signers: readonly Signer[]): number =>
  signers.reduce(
    (cost, { key }) => cost + data.length + (key.algorithm.startsWith('hmac') ? trial.hmac : trial.other),
    0,
  );

type Attempt = { readonly guess: Guess; readonly by: readonly Signer[]; differences(): readonly Difference[] };

/** What to try, and in which order: no variation, another signer, one variation, two, one with another signer, three. */
function* attemptsOf(search: Search): Generator<Attempt> {
  const { received, signers, strangers } = search;
  for (const by of [signers, strangers]) yield { guess: received, by, differences: () => [] };
  const effective = effectiveOf(search);
  for (const chosen of choices(effective, 1)) yield together(chosen, search, signers);
  for (const chosen of choices(effective, 2)) yield together(chosen, search, signers);
  // Later, because there may be many strangers.
  for (const chosen of choices(effective, 1)) yield together(chosen, search, strangers);
  for (const chosen of choices(effective, 3)) yield together(chosen, search, signers);
}

/** So many variations of different parts. */
function* choices(all: readonly Effective[], count: number): Generator<readonly Effective[]> {
  if (count === 0) yield [];
  else {
    for (const [place, one] of all.entries()) {
      const later = all.slice(place + 1).filter(({ variation }) => variation.part !== one.variation.part);
      for (const others of choices(later, count - 1)) yield [one, ...others];
    }
  }
}

/** Variations, one upon the other. */
function together(
  chosen: readonly Effective[],
  { received }: Pick<Search, 'received'>,
  by: readonly Signer[],
): Attempt {
  const steps = [received];
  for (const { variation } of chosen) steps.push(changedBy(variation, steps.at(-1) ?? received));
  return {
    guess: steps.at(-1) ?? received,
    by,
    differences: () =>
      chosen.map(({ variation }, place) =>
        differenceOf(variation, steps[place + 1] ?? received, steps[place] ?? received),
      ),
  };
}

type Effective = { readonly variation: Variation; readonly guess: Guess };

/** The variations that change what is signed, each change once. */
function effectiveOf({
  scheme,
  received,
  variations,
}: Pick<Search, 'scheme' | 'received' | 'variations'>): readonly Effective[] {
  const seen = new Set([keyOf(readingOf(scheme, received))]);
  return variations.flatMap((variation) => {
    const guess = changedBy(variation, received);
    const key = guess === received ? undefined : keyOf(readingOf(scheme, guess));
    if (key === undefined || seen.has(key)) return [];
    seen.add(key);
    return [{ variation, guess }];
  });
}

// A body of a megabyte would be kept for each variation, if it were not for its length and both its ends.
function keyOf(reading: Reading | undefined): string | undefined {
  if (!reading) return undefined;
  const { data, text } = reading;
  return text !== undefined && text.length < 65_536
    ? text
    : `${data.length}:${data.subarray(0, 512)}:${data.subarray(-512)}`;
}

/** Whether a key made one of the signatures. */
export async function isSignedBy({ presented, data }: Reading, key: SigningKey): Promise<boolean> {
  const own = presented.deriveKey ? await presented.deriveKey(key) : key;
  for (const signature of presented.signatures) {
    if (await own.verify(data, signature)) return true;
  }
  return false;
}
