import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import { type CandidateSigner, ownSigners } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import { type Effort, pauseIfDue, spend } from './effort.ts';
import { findRecord } from './find-record.ts';
import { repairRequest } from './forms.ts';
import { isSignedBy, readingCost, trialCost } from './search.ts';
import { type Guess, type Reading, requireReading, tryRead } from './variation.ts';

/** The readable parts of a request. */
export type ReadRequest = {
  /** The request as received, or with its fields corrected to the form that the scheme demands. */
  readonly base: Guess;
  readonly reading: Reading;
  readonly accessKey: string;
  /** Undefined if no key has this access key. */
  readonly record: KeyRecord | undefined;
  readonly signers: readonly CandidateSigner[];
  /** The corrections of its fields. */
  readonly forms: readonly Difference[];
};

/** An unreadable request, with the reason. */
export type UnreadRequest = { readonly error: SignatureError };

/** The settings for reading a request. */
export type ReadingRules = {
  readonly scheme: Scheme;
  readonly keys: KeyStore;
  /** The access key of the caller, for schemes that carry none. */
  readonly accessKey: string | undefined;
  readonly effort: Effort;
};

/** The maximum number of corrections to try. */
const maxRepairs = 60;
/** The share of the budget that is reserved for the search for a cause. */
const reserve = 0.75;

/**
 * Reads a request. If the scheme cannot read its fields, reads it with corrected fields.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function readRequest(received: Guess, rules: ReadingRules): Promise<ReadRequest | UnreadRequest> {
  let reading: Reading;
  try {
    reading = requireReading(rules.scheme, received);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return (await readRepaired(received, rules)) ?? { error };
  }
  return readAs(received, { reading, forms: [] }, rules);
}

/** Returns the first correction with a valid signature, otherwise the first readable one. */
async function readRepaired(received: Guess, rules: ReadingRules): Promise<ReadRequest | undefined> {
  let first: ReadRequest | undefined;
  let tried = 0;
  for (const { guess, written, differences: forms } of repairRequest(rules.scheme, received)) {
    // The caller may have signed the string with its own form of the fields, or with that of the scheme.
    for (const base of [guess, { ...guess, written }]) {
      await pauseIfDue(rules.effort);
      const reading = tryRead(rules.scheme, base);
      if (!reading) continue;
      const read = await readAs(base, { reading, forms }, rules);
      first ??= read;
      // Counted twice, because `repairRequest` has already read the request once.
      if (!spend(rules.effort, 2 * readingCost(reading, base) + trialsCost(read), reserve)) {
        rules.effort.leftOut.add('combinations');
        return first;
      }
      if (await isSignedByAny(read)) return read;
    }
    if (++tried >= maxRepairs) break;
  }
  return first;
}

async function readAs(
  base: Guess,
  read: Pick<ReadRequest, 'reading' | 'forms'>,
  { scheme, keys, accessKey: expected }: ReadingRules,
): Promise<ReadRequest> {
  const accessKey = read.reading.presented.accessKey ?? expected ?? scheme.name;
  const record = await findRecord(scheme, { keys, accessKey });
  return { base, ...read, accessKey, record, signers: record ? ownSigners(scheme, record) : [] };
}

const trialsCost = ({ reading, signers }: ReadRequest): number =>
  signers.reduce((cost, signer) => cost + trialCost(reading, signer), 0);

async function isSignedByAny({ reading, signers }: ReadRequest): Promise<boolean> {
  for (const { key } of signers) if (await isSignedBy(reading, key)) return true;
  return false;
}
