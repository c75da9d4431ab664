import type { Aspect, Use } from './coverage.ts';

/** What filters take from a value, so that others come out the same. */
export type LossyFilter =
  /** All, behind or but for something. */
  | { readonly kind: 'part'; readonly what: string }
  /** The difference between what is escaped and what is not. */
  | { readonly kind: 'escapes' }
  | { readonly kind: 'case' }
  /** What stands behind a media type: charset and boundary. */
  | { readonly kind: 'parameters' }
  | { readonly kind: 'order' };

/** What is left of a value. */
export type AfterFilters = {
  readonly losses: readonly LossyFilter[];
  /** Hashes that it went through. */
  readonly hashes: readonly string[];
  /** How many bits of a digest; Infinity where there is none. */
  readonly bits: number;
};

const hashBits: Readonly<Record<string, number>> = { sha256: 256, sha384: 384, sha512: 512, sha1: 160, md5: 128 };
const bitsPerCharacter: Readonly<Record<string, number>> = { hex: 4, base64: 6, base64url: 6 };

/** What the filters of a use leave of an aspect of a request. */
export function applyLossyFilters({ field, filters, unless }: Use, aspect: Aspect): AfterFilters {
  const losses: LossyFilter[] = unless.length ? [{ kind: 'part', what: `without ${unless.join(' or ')}` }] : [];
  const hashes: string[] = [];
  let bits = Number.POSITIVE_INFINITY;
  let unit = 8;
  for (const [i, { name, argument = '' }] of filters.entries()) {
    const size = hashBits[name];
    unit = bitsPerCharacter[name] ?? unit;
    if (size !== undefined) {
      hashes.push(name);
      bits = Math.min(bits, size);
      unit = 8;
    } else if (hashes.length) {
      if (name === 'truncate') bits = Math.min(bits, unit * Number(argument));
      // What follows the text to end before may be all of it; padding is none of it.
      if (name === 'before' && argument !== '=') bits = 0;
    } else {
      const later = filters.slice(i + 1).map((filter) => filter.name);
      losses.push(...lossesBy({ name, argument, later, aspect, field }));
    }
  }
  return { losses, hashes, bits };
}

type Step = {
  readonly name: string;
  readonly argument: string;
  readonly later: readonly string[];
  readonly aspect: Aspect;
  readonly field: string;
};

function lossesBy(step: Step): readonly LossyFilter[] {
  const { name, argument, aspect } = step;
  if (name === 'truncate') return [{ kind: 'part', what: `behind its first ${argument}` }];
  if (name === 'before') return lossesBefore(step);
  if (name === 'lower' || name === 'upper') return lossesOfCase(aspect);
  // Hosts and methods come in one case, and with no escapes.
  if (aspect !== 'path' && aspect !== 'query') return [];
  if (name === 'sort') return [{ kind: 'order' }];
  return name === 'decode' && !escapesAgain(step) ? [{ kind: 'escapes' }] : [];
}

function lossesBefore(step: Step): readonly LossyFilter[] {
  const { aspect, argument } = step;
  if (aspect === 'content type' && argument === ';') return [{ kind: 'parameters' }];
  return endsInTime(step) ? [] : [{ kind: 'part', what: `behind ${JSON.stringify(argument)}` }];
}

function lossesOfCase(aspect: Aspect): readonly LossyFilter[] {
  // A verifier cannot rely on it then: each of the others could be carried.
  if (carriedAspects.has(aspect)) return [{ kind: 'part', what: 'in its case' }];
  // A boundary has two meanings in two cases, a media type has one.
  if (aspect === 'content type') return [{ kind: 'parameters' }];
  return aspect === 'path' || aspect === 'query' ? [{ kind: 'case' }] : [];
}

const carriedAspects: ReadonlySet<Aspect> = new Set(['accessKey', 'timestamp', 'nonce', 'challenge']);

// What ends before the query has all of the path. What ends before a colon has not all of an IPv6 address.
const endsInTime = ({ argument, aspect, field }: Step): boolean =>
  aspect === 'path' && argument === '?' && field !== 'path';

// Piece by piece, so that what joined them is still told from what is in them.
const escapesAgain = ({ field, aspect, later }: Step): boolean =>
  field === aspect && later.some((filter) => filter === 'rfc3986' || filter === 'form');
