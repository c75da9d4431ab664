import { sha256OfBodySync } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { maskedMessage } from '../server/verify/shown-string.ts';
import type { CandidateSigner } from './candidate-signers.ts';
import { combinations } from './combinations.ts';
import type { Difference } from './difference.ts';
import { type Effort, proceed, spend } from './effort.ts';
import {
  changeBy,
  dependsOnBody,
  type Guess,
  measureMessage,
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
const costs = { change: 1000, hmac: 500, other: 200_000 } as const;
/** In characters. Changing and reading a smaller message costs the same. */
const smallMessage = 4096;

/**
 * Searches for the smallest set of differences with which the signature fits. A fit is proof, because a valid signature cannot be found
 * by chance. Adds to `leftOut` if the budget is spent before everything was tried.
 *
 * The order: no variation, other signers, one variation, one with a misused secret, two, one with another key, three.
 *
 * @returns undefined if nothing fits.
 */
export async function searchFit(search: Search): Promise<Fit | undefined> {
  const { scheme, received, signers, strangers } = search;
  const reading = tryRead(scheme, received);
  if (!reading) return undefined;
  const combinable = search.guarded ? strangers.filter(({ anyone }) => !anyone) : strangers;
  const [foreign = [], misused = []] = [true, false].map((wanted) =>
    combinable.filter((one) => isForeign(one) === wanted),
  );
  const alone = search.guarded && dependsOnOthers(search, reading) ? combinable : strangers;
  const unchanged: Attempt = { chosen: [], steps: [received], guess: received, reading };
  const effective: Variation[] = [];
  // Without a signer, such as for an unknown key, combinations would prove nothing.
  const end =
    (await trySigners(unchanged, signers, search)) ??
    (await trySigners(unchanged, alone, search)) ??
    (await tryVariations(search, { reading, effective })) ??
    (await tryCombined(search, { effective, size: 1, by: misused })) ??
    (await tryCombined(search, { effective, size: 2, by: signers })) ??
    // After the pairs, because there may be many other keys.
    (await tryCombined(search, { effective, size: 1, by: foreign })) ??
    (await tryCombined(search, { effective, size: 3, by: signers }));
  return end?.fit;
}

/** The end of a search: a fit, or the end of the budget. */
type End = { readonly fit: Fit | undefined };

function stopSearch({ leftOut }: Effort, size: number): End {
  leftOut.add(size === 3 ? 'combinations-of-three' : 'combinations');
  return { fit: undefined };
}

/** Returns the cost of changing and reading a request, before it is known what is signed. */
export const changeCost = ({ message }: Guess): number =>
  costs.change + Math.max(0, measureMessage(message) - smallMessage);

/** Returns the cost of the bytes that were read: the body, if the string to sign depends on it, and twice the string. */
export const readingCost = (reading: Reading, { body }: Guess): number =>
  (dependsOnBody(reading) ? body.length : 0) + 2 * reading.data.length;

/** Returns the cost of checking whether a signer made one of the signatures. */
export const trialCost = ({ data, presented }: Reading, { key }: CandidateSigner): number =>
  presented.signatures.length * (data.length + (/^(?:hmac|sha|md5)/.test(key.algorithm) ? costs.hmac : costs.other));

/** A request with variations applied. */
type Attempt = {
  readonly chosen: readonly Variation[];
  /** The request as received, and after each variation. */
  readonly steps: readonly Guess[];
  /** The last step. */
  readonly guess: Guess;
  readonly reading: Reading;
};

async function trySigners(
  { chosen, steps, guess, reading }: Attempt,
  by: readonly CandidateSigner[],
  { effort, received }: Search,
): Promise<End | undefined> {
  for (const signer of by) {
    if (!(await proceed(effort, trialCost(reading, signer), reserve))) return stopSearch(effort, chosen.length);
    if (!(await isSignedBy(reading, signer.key))) continue;
    const differences = chosen.map((variation, place) =>
      toDifference(variation, steps[place + 1] ?? received, steps[place] ?? received),
    );
    return { fit: { guess, signer, differences: [...differences, ...(signer.difference ? [signer.difference] : [])] } };
  }
  return undefined;
}

/** Tries each variation alone, and adds those that change the signed bytes to the effective ones, without duplicates. */
async function tryVariations(
  search: Search,
  { reading: plain, effective }: { readonly reading: Reading; readonly effective: Variation[] },
): Promise<End | undefined> {
  const { scheme, received, signers, effort } = search;
  const seen = new Set([fingerprint(plain)]);
  const cost = changeCost(received);
  for await (const variation of search.variations()) {
    if (!(await proceed(effort, cost, reserve))) return stopSearch(effort, 1);
    const guess = changeBy(variation, received);
    const reading = guess === received ? undefined : tryRead(scheme, guess);
    if (!reading) continue;
    if (!spend(effort, readingCost(reading, guess), reserve)) return stopSearch(effort, 1);
    const key = fingerprint(reading);
    if (seen.has(key)) continue;
    seen.add(key);
    effective.push(variation);
    const attempt = { chosen: [variation], steps: [received, guess], guess, reading };
    const end = await trySigners(attempt, signers, search);
    if (end) return end;
  }
  return undefined;
}

type Combined = {
  readonly effective: readonly Variation[];
  /** How many variations are combined. */
  readonly size: number;
  readonly by: readonly CandidateSigner[];
};

/** Tries combinations of variations of different parts. */
async function tryCombined(search: Search, { effective, size, by }: Combined): Promise<End | undefined> {
  if (!by.length) return undefined;
  const { received, effort } = search;
  const cost = changeCost(received);
  for (const chosen of combinations(effective, { size, kindOf: ({ part }) => part })) {
    if (!(await proceed(effort, cost, reserve))) return stopSearch(effort, size);
    const attempt = combine(chosen, search);
    if (!attempt) continue;
    if (!spend(effort, readingCost(attempt.reading, attempt.guess), reserve)) return stopSearch(effort, size);
    const end = await trySigners(attempt, by, search);
    if (end) return end;
  }
  return undefined;
}

/** Applies variations one after the other; undefined if the scheme cannot read the result. */
function combine(chosen: readonly Variation[], { scheme, received }: Search): Attempt | undefined {
  const steps = [received];
  for (const variation of chosen) steps.push(changeBy(variation, steps.at(-1) ?? received));
  const guess = steps.at(-1) ?? received;
  const reading = tryRead(scheme, guess);
  return reading && { chosen, steps, guess, reading };
}

/** Whether the string to sign depends on headers whose values a response masks. */
function dependsOnOthers({ scheme, received }: Search, { data }: Reading): boolean {
  const masked = tryRead(scheme, { ...received, message: maskedMessage(received.message, scheme) });
  return !masked || !sameBytes(masked.data, data);
}

const isForeign = ({ difference }: CandidateSigner): boolean => difference?.code === 'secret-of-another-key';

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
