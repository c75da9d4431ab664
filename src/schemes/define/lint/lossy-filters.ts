import { isEncodedAgain, type PlannedFilter } from '../plan/value.ts';
import type { Aspect, Use } from './coverage.ts';

/** A loss of information by filters: different values give the same result. */
export type LossyFilter =
  /** A whole part of the value. */
  | { readonly kind: 'part'; readonly what: string }
  /** The difference between escaped and literal characters. */
  | { readonly kind: 'escapes' }
  /** The same for characters that delimit nothing in a template but may for a server, such as `+` and `;`. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'case' }
  /** The parameters of a media type, such as charset and boundary. */
  | { readonly kind: 'parameters' }
  | { readonly kind: 'order' }
  /** The limits of parameters: a value can contain the text that joins them. */
  | { readonly kind: 'limits' }
  /** The difference between several values of a name and one. */
  | { readonly kind: 'repeats' }
  /** The difference between a parameter without a value and one with an empty value. */
  | { readonly kind: 'blank' }
  /** The difference between an absent value and the text that replaces it. */
  | { readonly kind: 'default'; readonly text: string }
  /** The same for a content type. */
  | { readonly kind: 'absence' };

/** The result of applying filters to a value. */
export type AfterFilters = {
  readonly losses: readonly LossyFilter[];
  /** The hashes that were applied. */
  readonly hashes: readonly string[];
  /** The remaining bits of a digest; Infinity without a digest. */
  readonly bits: number;
};

const hashBits: Readonly<Record<string, number>> = { sha256: 256, sha384: 384, sha512: 512, sha1: 160, md5: 128 };
const bitsPerCharacter: Readonly<Record<string, number>> = { hex: 4, base64: 6, base64url: 6 };

/** Returns the losses of an aspect of a request under the filters of a use. */
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
      if (mayLeaveNothing(name, argument)) bits = 0;
    } else {
      const later = filters.slice(i + 1);
      losses.push(...findLosses({ name, argument, later, aspect, field }));
    }
  }
  return { losses, hashes, bits };
}

// The text at the mark may be all of the digest. Base64 padding carries no information.
const mayLeaveNothing = (name: string, argument: string): boolean =>
  name === 'after' || name === 'length' || (name === 'before' && argument !== '=');

type Step = {
  readonly name: string;
  readonly argument: string;
  readonly later: readonly PlannedFilter[];
  readonly aspect: Aspect;
  readonly field: string;
};

function findLosses(step: Step): readonly LossyFilter[] {
  const { name, argument, aspect } = step;
  if (name === 'truncate') return [{ kind: 'part', what: `after its first ${argument}` }];
  if (name === 'after') return [{ kind: 'part', what: `up to ${JSON.stringify(argument)}` }];
  if (name === 'length') return [{ kind: 'part', what: 'but for its length' }];
  if (name === 'before') return findLossesOfBefore(step);
  if (name === 'lower' || name === 'upper') return findLossesOfCase(aspect);
  if (name === 'default') return findLossesOfDefault(step);
  // Hosts and methods have one case and no escapes.
  if (aspect !== 'path' && aspect !== 'query') return [];
  const known = lossesInPieces[name];
  if (known) return [{ kind: known }];
  if (name !== 'decode') return [];
  return [{ kind: isEncodedAgain(step.later) || isInLines(step.later) ? 'reserved' : 'escapes' }];
}

function findLossesOfDefault({ argument, aspect }: Step): readonly LossyFilter[] {
  // An empty default says what the absence says.
  if (!argument) return [];
  if (aspect === 'content type') return [{ kind: 'absence' }];
  return aspect === 'query' ? [{ kind: 'default', text: argument }] : [];
}

const lossesInPieces: Readonly<Record<string, 'order' | 'limits' | 'repeats' | 'blank'>> = {
  sort: 'order',
  join: 'limits',
  merge: 'repeats',
  lines: 'blank',
};

// Decoding refuses line breaks, so each parameter is a line of its own.
const isInLines = (later: readonly PlannedFilter[]): boolean => {
  const end = later.find(({ name }) => name !== 'sort' && name !== 'merge');
  return end?.name === 'lines';
};

function findLossesOfBefore(step: Step): readonly LossyFilter[] {
  const { aspect, argument } = step;
  if (aspect === 'content type' && argument === ';') return [{ kind: 'parameters' }];
  return keepsWholePath(step) ? [] : [{ kind: 'part', what: `after ${JSON.stringify(argument)}` }];
}

function findLossesOfCase(aspect: Aspect): readonly LossyFilter[] {
  // A verifier cannot rely on such a value, because it could be carried in any case.
  if (carriedAspects.has(aspect)) return [{ kind: 'part', what: 'in its case' }];
  // The case of a boundary is significant, that of a media type is not.
  if (aspect === 'content type') return [{ kind: 'parameters' }];
  return aspect === 'path' || aspect === 'query' ? [{ kind: 'case' }] : [];
}

const carriedAspects: ReadonlySet<Aspect> = new Set(['accessKey', 'timestamp', 'nonce', 'challenge']);

// A target that is cut before "?" still has the whole path. An authority that is cut before ":" may lack part of an IPv6 address.
const keepsWholePath = ({ argument, aspect, field }: Step): boolean =>
  aspect === 'path' && argument === '?' && field !== 'path';
