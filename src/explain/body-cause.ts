import { sha256OfBodySync } from '../core/digest.ts';
import type { PresentedBody } from '../core/scheme.ts';
import type { Difference } from './difference.ts';
import { type Effort, proceed, spend } from './effort.ts';
import { changeBy, type Guess, sameBytes, toDifference, type Variation } from './variation.ts';

/** The body of a request and its variations. */
export type BodySearch = {
  readonly base: Guess;
  readonly effort: Effort;
  /** Computes the variations on the first call. */
  variations(): Promise<readonly Variation[]>;
};

/** Explains a body that is not the signed one. */
export async function findBodyCause(
  signed: PresentedBody,
  { base, effort, variations }: BodySearch,
): Promise<readonly Difference[]> {
  if ((await matchesBody(signed, base.body)) !== false) return [];
  for (const variation of await variations()) {
    // A form spends its own cost when it is made.
    const guess = (await proceed(effort, 0)) ? changeBy(variation, base) : undefined;
    if (guess === base) continue;
    if (!guess || !spend(effort, guess.body.length)) {
      effort.leftOut.add('body-forms');
      break;
    }
    if (await matchesBody(signed, guess.body)) return [toDifference(variation, guess, base)];
  }
  return [
    {
      code: 'body-replaced',
      message: 'The received body is not the signed one, and no usual change of it was found.',
      remedy:
        'Log length and SHA-256 of the bytes that the caller signs and of those that it sends, and find the first difference.',
      proven: true,
    },
  ];
}

/** Whether a body is the signed one; undefined if the body is part of the string to sign, or unsigned. */
export async function matchesBody(signed: PresentedBody, body: Uint8Array): Promise<boolean | undefined> {
  if (signed.kind === 'none') return body.length === 0;
  if (signed.kind === 'digest') return sameBytes(signed.sha256, sha256OfBodySync(body));
  return signed.kind === 'bytes' ? signed.matches(body) : undefined;
}
