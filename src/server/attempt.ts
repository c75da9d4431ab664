import type { Message } from '../core/message.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { KeyRecord } from './contracts.ts';
import { isActive } from './key-steps.ts';
import type { Budget } from './limits.ts';
import type { Proof } from './prove.ts';
import type { Candidate } from './schemes.ts';

/** What is known of an attempt so far: more with each step, whichever of them refuses it. */
export type Attempt = {
  /** Where it came from: the client, as far as trusted proxies tell. */
  address?: string | undefined;
  message?: Message;
  candidate?: Candidate | undefined;
  record?: KeyRecord | undefined;
  /** The key that made the signature: the caller is proved. */
  key?: SigningKey;
  /** Which of the record's secrets did. */
  secretId?: string | undefined;
  /** What the address has paid. */
  charge?: Budget;
  /** The budget that was drawn on last. */
  budget?: Budget;
  /** Whether the address gets back what it has paid. */
  honest?: true;
};

/** Notes whose request it is, or seems to be. */
export function noteProof(attempt: Attempt, { candidate, record, match }: Proof, now: number): void {
  attempt.candidate = candidate;
  attempt.record = record;
  attempt.secretId = match?.secret.id;
  // Who has a key that is revoked may be told so; who has a secret that was replaced is not its holder any more.
  if (match && isActive(match, now)) attempt.key = match.key;
}
