import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import { type CandidateSigner, ownSigners } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import { type Effort, proceed, spend } from './effort.ts';
import { findRecord } from './find-record.ts';
import { repairRequest } from './forms.ts';
import { rememberHeaders } from './remembered-headers.ts';
import { changeCost, isSignedBy, readingCost, trialCost } from './search.ts';
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

/** The maximum number of readable corrections to try. */
const maxRepairs = 60;
/** The share of the budget that is reserved for the search for a cause. */
const reserve = 0.75;

/**
 * Reads a request. If the scheme cannot read its fields, reads it with corrected fields.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function readRequest(given: Guess, rules: ReadingRules): Promise<ReadRequest | UnreadRequest> {
  const received = { ...given, message: { ...given.message, headers: rememberHeaders(given.message.headers) } };
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
  const { effort } = rules;
  let first: ReadRequest | undefined;
  for await (const { base, reading, forms } of listRepaired(received, rules)) {
    const read = await readAs(base, { reading, forms }, rules);
    first ??= read;
    if (!spend(effort, readingCost(reading, base) + trialsCost(read), reserve)) {
      effort.leftOut.add('combinations');
      break;
    }
    if (await isSignedByAny(read)) return read;
  }
  return first;
}

/** Yields readable corrections, each with the form of the fields that the scheme demands and with that of the caller in the string to sign. */
async function* listRepaired(
  received: Guess,
  { scheme, effort }: ReadingRules,
): AsyncGenerator<Pick<ReadRequest, 'base' | 'reading' | 'forms'>> {
  const cost = changeCost(received);
  let readable = 0;
  for (const { guess, written, differences } of repairRequest(scheme, received)) {
    if (!(await proceed(effort, cost, reserve))) {
      effort.leftOut.add('combinations');
      return;
    }
    const reading = tryRead(scheme, guess);
    if (!reading) continue;
    const forms = differences();
    yield { base: guess, reading, forms };
    const base = { ...guess, written };
    const other = tryRead(scheme, base);
    if (other) yield { base, reading: other, forms };
    if (++readable >= maxRepairs) return;
  }
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
