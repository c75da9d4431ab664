import { sha256OfBodySync } from '../core/digest.ts';
import type { PresentedBody } from '../core/scheme.ts';
import type { Difference } from './difference.ts';
import { type Effort, spend } from './effort.ts';
import { changeBy, type Guess, sameBytes, toDifference, type Variation } from './variation.ts';

/** The body of a request, and what else it may have been. */
export type BodySearch = {
  readonly base: Guess;
  readonly effort: Effort;
  /** Makes them when first asked. */
  variations(): Promise<readonly Variation[]>;
};

/** What became of a body that is not the one that is signed. */
export async function findBodyCause(
  signed: PresentedBody,
  { base, effort, variations }: BodySearch,
): Promise<readonly Difference[]> {
  if ((await fitsBody(signed, base.body)) !== false) return [];
  for (const variation of await variations()) {
    const guess = changeBy(variation, base);
    if (guess === base) continue;
    if (!spend(effort, guess.body.length)) {
      effort.leftOut.add('body-forms');
      break;
    }
    if (await fitsBody(signed, guess.body)) return [toDifference(variation, guess, base)];
  }
  return [
    {
      code: 'body-replaced',
      message: 'The body received is not the one that is signed, nor anything that is usually made of it.',
      remedy:
        'Log length and SHA-256 of the bytes that the caller signs and of those that it sends, and see where they part.',
      proven: true,
    },
  ];
}

/** Whether a body is the one that is signed; undefined where the string to sign tells, or none is signed. */
export async function fitsBody(signed: PresentedBody, body: Uint8Array): Promise<boolean | undefined> {
  if (signed.kind === 'none') return body.length === 0;
  if (signed.kind === 'digest') return sameBytes(signed.sha256, sha256OfBodySync(body));
  return signed.kind === 'bytes' ? signed.matches(body) : undefined;
}
