import { sha256OfBodySync } from '../core/digest.ts';
import type { PresentedBody } from '../core/scheme.ts';
import { bodyVariations } from './bodies.ts';
import type { Difference } from './difference.ts';
import { changedBy, differenceOf, type Guess, sameBytes } from './guess.ts';

/** What became of a body that is not the one that is signed. */
export async function bodyCause(base: Guess, signed: PresentedBody): Promise<readonly Difference[]> {
  if ((await fitsBody(signed, base.body)) !== false) return [];
  for (const variation of await bodyVariations(base)) {
    const guess = changedBy(variation, base);
    if (guess !== base && (await fitsBody(signed, guess.body))) return [differenceOf(variation, guess, base)];
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
