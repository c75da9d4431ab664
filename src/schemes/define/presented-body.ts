import { decodeHex } from '../../core/encoding.ts';
import type { PresentedBody } from '../../core/scheme.ts';
import type { Found } from './carrier.ts';
import type { BodyUse } from './expression.ts';
import type { Environment } from './fields.ts';
import { emptyEnvironment } from './sign.ts';

/** The body of a request, as its signature describes it. */
export type DescribedBody = {
  readonly kind: 'uncovered' | 'signed' | 'none' | 'digests';
  /** Whether the string to sign cannot be computed without the body. */
  readonly needsBody: boolean;
  /**
   * The carried digests to compare with the body. Only these may replace the body in the string to sign: nothing compares the others
   * with anything, so a sender could have invented them.
   */
  readonly checked: readonly Found[];
};

/**
 * Decides how the body of a request is checked.
 *
 * @param uses how the string to sign uses the body with the method of the request.
 * @param found the values that the request carries.
 */
export function describeBody(uses: readonly BodyUse[], found: readonly Found[]): DescribedBody {
  // Where something else is absent, the string to sign lacks the body. Where it is present, it cannot be computed without.
  if (uses.every(({ omissible }) => omissible)) return { kind: 'uncovered', needsBody: uses.length > 0, checked: [] };
  const carried = found.filter(({ leaf }) => uses.some((use) => use.digests.includes(leaf.id)));
  const isKnown = uses.every((use) => carried.some(({ leaf }) => use.digests.includes(leaf.id)));
  if (!isKnown) return { kind: 'signed', needsBody: true, checked: [] };
  const checked = carried.filter(({ text }) => text !== undefined);
  return { kind: checked.length ? 'digests' : 'none', needsBody: false, checked };
}

/**
 * Returns the digests that replace the body in the string to sign, by key.
 *
 * @param values the carried values, digests as hex.
 */
export function knownDigests({ checked }: DescribedBody, values: ReadonlyMap<string, string>): Environment['known'] {
  if (!checked.length) return emptyEnvironment.known;
  return new Map(checked.map(({ leaf: { id } }) => [id, decodeHex(values.get(id) ?? '')]));
}

/** Creates the check of a body. */
export function presentBody({ kind, checked }: DescribedBody, environment: Environment): PresentedBody {
  if (kind !== 'digests') return { kind };
  const sha256 = environment.known.get('body|sha256');
  if (sha256 && checked.every(({ leaf }) => leaf.id === 'body|sha256')) return { kind: 'digest', sha256 };
  return {
    kind: 'bytes',
    matches(bytes) {
      const received = { ...environment, body: bytes, hasBody: true, known: emptyEnvironment.known };
      return checked.every(({ leaf, text }) => leaf.expression.make(received) === text);
    },
  };
}
