import type { Scheme } from '../core/scheme.ts';
import { addressVariations } from './address.ts';
import type { Effort } from './effort.ts';
import { digestVariations, fieldVariations } from './fields.ts';
import { pathVariations } from './path.ts';
import { queryVariations } from './query.ts';
import { signedLineVariations } from './signed-lines.ts';
import { writtenVariations } from './spelling.ts';
import { dependsOnBody, type Guess, type Reading, type Variation } from './variation.ts';

/** The settings of the variations of a request. */
export type VariationRules = {
  readonly scheme: Scheme;
  readonly reading: Reading;
  readonly effort: Effort;
  /** Origins that callers may have used, beside those that the request reports. */
  readonly origins: readonly string[];
  /** Prefixes that a proxy may have removed from the path, beside the usual ones. */
  readonly paths: readonly string[];
  readonly guarded?: boolean | undefined;
  /** Computes the variations of the body on the first call. */
  bodies(): Promise<readonly Variation[]>;
};

/** Yields the variations of a request, the likely ones first. Each is made when the search reaches it. */
export async function* listVariations(base: Guess, rules: VariationRules): AsyncGenerator<Variation> {
  const { scheme, reading, effort, origins, paths, guarded } = rules;
  // At once, so that an explanation says what of the body is left out, also if the search does not come to it. No form is made yet.
  const bodies = dependsOnBody(reading) ? await rules.bodies() : [];
  yield* addressVariations(base, { origins, effort });
  yield* pathVariations(base, { paths, effort });
  yield* queryVariations(base, effort);
  yield* fieldVariations(base, { own: scheme.fields, guarded, effort });
  yield* digestVariations(base, scheme.fields);
  yield* bodies;
  yield* signedLineVariations(base, { reading, scheme });
  yield* writtenVariations(reading.text, { guarded });
}
