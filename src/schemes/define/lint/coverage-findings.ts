import type { Finding } from '../../../core/scheme-finding.ts';
import { formatValue } from './boundaries.ts';
import type { Aspect, Use } from './coverage.ts';
import { type AfterFilters, applyLossyFilters, type LossyFilter } from './lossy-filters.ts';
import type { UncoveredPart } from './uncovered-parts.ts';

/** From the highest to the lowest. */
export const severities: ReadonlyArray<Finding['severity']> = ['high', 'medium', 'low'];

export type UncoveredAspect = Pick<UncoveredPart, 'aspect' | 'code' | 'severity' | 'name' | 'attack'>;

/** Returns the findings for an aspect with these uses: those of the best use. */
export function coverageFindings(opened: UncoveredAspect, uses: readonly Use[]): readonly Finding[] {
  const { code, severity, name, attack } = opened;
  const findingsOfUses = uses.map((use) => useFindings(opened, use)).sort((a, b) => totalWeight(a) - totalWeight(b));
  return findingsOfUses[0] ?? [{ code, severity, message: `The ${name} is not signed.`, attack }];
}

const weights = { high: 100, medium: 10, low: 1 } as const;
const totalWeight = (findings: readonly Finding[]): number =>
  findings.reduce((sum, { severity }) => sum + weights[severity], 0);

function useFindings(opened: UncoveredAspect, use: Use): readonly Finding[] {
  const applied = applyLossyFilters(use, opened.aspect);
  return [...applied.losses.map((loss) => lossFinding(opened, use, loss)), ...weakHashFindings(use, applied)];
}

function weakHashFindings(use: Use, { hashes, bits }: AfterFilters): readonly Finding[] {
  const weak = findWeakness(hashes, bits);
  return weak ? [{ code: 'weak-hash', ...weak, message: `${formatUse(use)}: ${weak.message}` }] : [];
}

/**
 * Returns the weak hashes of fields that are no aspect of their own, such as headers.
 *
 * @param uses of these fields. The strongest use of each counts.
 */
export function hashFindings(uses: readonly Use[]): readonly Finding[] {
  return [...new Set(uses.map(({ field }) => field))].flatMap((name) => {
    const found = uses
      .filter(({ field }) => field === name)
      .map((use) => weakHashFindings(use, applyLossyFilters(use, 'header names')))
      .sort((a, b) => totalWeight(a) - totalWeight(b));
    return found[0] ?? [];
  });
}

const formatUse = ({ field, filters }: Use): string => formatValue(field, filters);

// Two requests with the same string to sign, for losses that are not a whole part.
const pairs: Readonly<Partial<Record<Aspect, Readonly<Record<string, string>>>>> = {
  path: {
    escapes: '/files/a%2Fb and /files/a/b',
    reserved: '/files/a%3Bv=1 and /files/a;v=1',
    case: '/links/aB3 and /links/Ab3',
  },
  query: {
    escapes: '?name=x%26admin=1 and ?name=x&admin=1',
    reserved: '?sum=1%2B1 and ?sum=1+1',
    case: '?link=aB3 and ?link=Ab3',
    order: '?id=1&id=2 and ?id=2&id=1',
    limits: '?a=1&b=2 and ?a=1b=2',
    repeats: '?id=1&id=2 and ?id=1,2',
    blank: '?all and ?all=',
    default: 'A request without a query and one with this query',
  },
  'content type': {
    absence: 'A request without type and one with the type of the default',
    parameters: 'multipart/form-data; boundary=a and multipart/form-data; boundary=A',
  },
};

const lossSeverities = {
  escapes: 'high',
  limits: 'high',
  case: 'medium',
  repeats: 'medium',
  default: 'medium',
  reserved: 'low',
  parameters: 'low',
  order: 'low',
  blank: 'low',
  absence: 'low',
} as const;
const lossNames = {
  escapes: 'escaped and literal characters',
  reserved: 'escaped and literal characters such as + and ;',
  case: 'upper and lower case',
  parameters: 'parameters',
  order: 'the order of values',
  limits: 'the limits of parameters',
  blank: 'no value and an empty one',
  repeats: 'several values of a name and one',
  default: 'an absent value and its default',
  absence: 'an absent value and the default',
} as const;

function lossFinding({ aspect, code, severity, name, attack }: UncoveredAspect, use: Use, loss: LossyFilter): Finding {
  if (loss.kind === 'part') return { code, severity, message: `The ${name} is not signed ${loss.what}.`, attack };
  return {
    code,
    severity: lossSeverities[loss.kind],
    message: `${formatUse(use)} does not distinguish ${lossNames[loss.kind]} in the ${name}.`,
    attack: `${pairs[aspect]?.[loss.kind] ?? 'Two requests'} have the same string to sign: one is forwarded as the other.`,
  };
}

type Weakness = Pick<Finding, 'severity' | 'message' | 'attack'>;

const collision = (name: string, cost: string) =>
  `Someone makes two bodies with the same ${name}, ${cost}, has the caller send the harmless one, and replaces it with the other.`;

function findWeakness(hashes: readonly string[], bits: number): Weakness | undefined {
  if (bits < 64) {
    const attack = `About 2^${bits} attempts find another value with the same ${bits} bits, to replace the signed one.`;
    return {
      severity: 'high',
      message: `${bits} bits of a digest are too few: another value with the same bits can be found.`,
      attack,
    };
  }
  if (hashes.includes('md5')) {
    return { severity: 'high', message: 'MD5 has collisions.', attack: collision('MD5', 'in seconds') };
  }
  if (hashes.includes('sha1')) {
    return { severity: 'medium', message: 'SHA-1 has collisions.', attack: collision('SHA-1', 'for some 2^63 hashes') };
  }
  if (bits >= 128) return undefined;
  const attack = collision(`digest of ${bits} bits`, `for some 2^${Math.ceil(bits / 2)} hashes`);
  return { severity: 'medium', message: `${bits} bits of a digest are too few to prevent collisions.`, attack };
}
