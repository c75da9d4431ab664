import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import { findKey } from '../server/verify/find-key.ts';
import { type CandidateSigner, ownSigners } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import { type Effort, spend } from './effort.ts';
import { repairRequest } from './forms.ts';
import { isSignedBy, readingCost, trialCost } from './search.ts';
import { type Guess, type Reading, requireReading, tryRead } from './variation.ts';

/** What could be read of a request. */
export type ReadRequest = {
  /** The request as it was received, or with its fields written as the scheme takes them. */
  readonly base: Guess;
  readonly reading: Reading;
  readonly accessKey: string;
  /** Undefined where no key has this access key. */
  readonly record: KeyRecord | undefined;
  readonly signers: readonly CandidateSigner[];
  /** In what its fields are not written as the scheme takes them. */
  readonly forms: readonly Difference[];
};

/** That nothing could be, and why. */
export type UnreadRequest = { readonly error: SignatureError };

/** By what a request is read. */
export type ReadingRules = {
  readonly scheme: Scheme;
  readonly keys: KeyStore;
  /** Whose signature it is, for schemes that carry no access key. */
  readonly accessKey: string | undefined;
  readonly effort: Effort;
};

/** How many ways of writing the fields are tried. */
const most = 60;
/** What is kept for the search for a cause (bytes). */
const reserve = 1.5e8;

/**
 * Reads a request; where its fields are not written as the scheme takes them, as it would be if they were.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function readRequest(received: Guess, rules: ReadingRules): Promise<ReadRequest | UnreadRequest> {
  let reading: Reading;
  try {
    reading = requireReading(rules.scheme, received);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return (await repairedReading(received, rules)) ?? { error };
  }
  return readAs(received, { reading, forms: [] }, rules);
}

/** The first that is signed so, else the first that can be read so. */
async function repairedReading(received: Guess, rules: ReadingRules): Promise<ReadRequest | undefined> {
  let first: ReadRequest | undefined;
  let tried = 0;
  for (const { guess, written, differences: forms } of repairRequest(rules.scheme, received)) {
    // The caller may have signed what it wrote, or what the scheme would have written.
    for (const base of [guess, { ...guess, written }]) {
      const reading = tryRead(rules.scheme, base);
      if (!reading) continue;
      const read = await readAs(base, { reading, forms }, rules);
      first ??= read;
      // Twice, because a repaired request is read before it comes here.
      if (!spend(rules.effort, 2 * readingCost(reading, base) + trialsCost(read), reserve)) {
        rules.effort.leftOut.add('combinations');
        return first;
      }
      if (await isSignedByOne(read)) return read;
    }
    if (++tried >= most) break;
  }
  return first;
}

async function readAs(
  base: Guess,
  read: Pick<ReadRequest, 'reading' | 'forms'>,
  { scheme, keys, accessKey: expected }: ReadingRules,
): Promise<ReadRequest> {
  const accessKey = read.reading.presented.accessKey ?? expected ?? scheme.name;
  const record = await findKey(keys, accessKey);
  return { base, ...read, accessKey, record, signers: record ? ownSigners(scheme, record) : [] };
}

const trialsCost = ({ reading, signers }: ReadRequest): number =>
  signers.reduce((cost, signer) => cost + trialCost(reading, signer), 0);

async function isSignedByOne({ reading, signers }: ReadRequest): Promise<boolean> {
  for (const { key } of signers) if (await isSignedBy(reading, key)) return true;
  return false;
}
