import type { Finding } from '../../../core/scheme-finding.ts';
import type { Plan } from '../plan/plan.ts';
import { isSecret } from '../plan/secret.ts';
import type { Filter } from '../template.ts';
import { type Ambiguity, findAmbiguity, type Segment, type Sequence, toSegments } from './ambiguity.ts';
import { listFields } from './coverage.ts';
import type { Piece } from './flatten.ts';
import { type Assumptions, accessKeys, anything, applyFilter, languageOfField, literal } from './language.ts';

/**
 * Reports boundaries between values that have two readings: adjacent values, and separators that can occur in a value. Each finding
 * contains two sets of values that render to the same text.
 */
export function boundaryFindings(plan: Plan, templates: ReadonlyArray<readonly Piece[]>): Finding[] {
  const all = templates.flatMap((pieces) => [pieces, ...listFilteredTemplates(pieces)]);
  return all.flatMap((pieces) => {
    // Ambiguities that were found are marked, so that the later passes do not report them again.
    const marks = new Set<number>();
    const assumed = listFields([pieces]).has('accessKey') ? accessKeys : accessKeys.slice(0, 1);
    const high = assumed.flatMap((accessKey) => findDisputes({ pieces, plan, accessKey }, marks));
    const low = findDisputes({ pieces, plan, accessKey: undefined }, marks);
    return [...high.map((found) => toFinding(found, 'high')), ...low.map((found) => toFinding(found, 'low'))];
  });
}

const listFilteredTemplates = (pieces: readonly Piece[]): ReadonlyArray<readonly Piece[]> =>
  pieces.flatMap((piece) => {
    if (piece.kind === 'optional') return listFilteredTemplates(piece.pieces);
    return piece.kind === 'made' ? [piece.pieces, ...listFilteredTemplates(piece.pieces)] : [];
  });

type Subject = Assumptions & { readonly pieces: readonly Piece[]; readonly plan: Plan };

type Dispute = { readonly readings: Ambiguity; readonly segments: readonly Segment[] };

/** Finds the ambiguities one by one: each one found is marked as unambiguous before the next search. */
function findDisputes(subject: Subject, marks: Set<number>): readonly Dispute[] {
  const found: Dispute[] = [];
  for (;;) {
    const sequence = toSequence(subject, marks);
    const segments = toSegments(sequence);
    const readings = findAmbiguity(sequence);
    if (!readings) return found;
    found.push({ readings, segments });
    marks.add(segments.indexOf(readings.disputed));
  }
}

function toSequence({ pieces, plan, ...assumptions }: Subject, marks: ReadonlySet<number>): Sequence {
  let count = 0;
  const of = (some: readonly Piece[]): Sequence =>
    some.map((piece) => {
      if (piece.kind === 'optional') return { optional: of(piece.pieces) };
      // Nobody can write the secret, so it separates its neighbours.
      const marked = marks.has(count++) || isSecret(piece);
      if (piece.kind === 'text') return { language: literal(piece.text), name: undefined, marked };
      const field = piece.kind === 'value' ? piece.field : piece.name;
      const language = piece.kind === 'value' ? languageOfField(field, plan, assumptions) : anything;
      return { language: applyFilter(language, piece.filters, field), name: formatValue(field, piece.filters), marked };
    });
  return of(pieces);
}

/** Formats a value as in a template. */
export const formatValue = (field: string, filters: readonly Filter[]): string =>
  `{${[field, ...filters.map(({ name, argument }) => (argument === undefined ? name : `${name}:${argument}`))].join('|')}}`;

function toFinding({ readings, segments }: Dispute, severity: 'high' | 'low'): Finding {
  const { disputed, one, other, text } = readings;
  const at = segments.indexOf(disputed);
  const left = segments.slice(0, at).reduce((last, { name }, i) => (name ? i : last), -1);
  const right = segments.findIndex(({ name }, i) => name && i >= at);
  const separator = segments.slice(left + 1, right < 0 ? undefined : right).map((between) => between.language[0] ?? []);
  const between = separator.flatMap((runs) => runs.map(({ characters }) => characters)).join('');
  const before = segments[left]?.name ?? 'the beginning';
  const after = segments[right]?.name ?? 'the end';
  const changed = segments.filter((segment) => segment.name && (one.get(segment) ?? '') !== (other.get(segment) ?? ''));
  const formatValues = (reading: ReadonlyMap<Segment, string>) =>
    changed.map((segment) => `${segment.name} ${JSON.stringify(reading.get(segment) ?? '')}`).join(', ');
  const attack = `${formatValues(one)} and ${formatValues(other)} have the same string to sign, ${JSON.stringify(text)}: the signature of one request is valid for the other.`;
  const qualification =
    severity === 'low' ? ' Only the length of a timestamp, or different secrets of access keys, distinguish them.' : '';
  return between
    ? {
        code: 'ambiguous-separator',
        severity,
        message: `${JSON.stringify(between)} between ${before} and ${after} can be part of the values that it separates.${qualification}`,
        attack,
      }
    : {
        code: 'adjacent-values',
        severity,
        message: `There is no separator between ${before} and ${after}.${qualification}`,
        attack,
      };
}
