import type { Finding } from '../../../core/finding.ts';
import type { SchemeDefinition } from '../definition.ts';
import type { Filter } from '../template.ts';
import { type Ambiguity, findAmbiguity, type Segment, type Sequence, toSegments } from './ambiguity.ts';
import type { Piece } from './flatten.ts';
import { type Assumptions, anything, applyFilter, languageOfField, literal } from './language.ts';

/**
 * Where one value ends and the next begins can be read in two ways: what touches, and separators that occur in what they separate.
 * Each finding is of two rows of values that were found to render to one text.
 */
export function boundaryFindings(definition: SchemeDefinition, templates: ReadonlyArray<readonly Piece[]>): Finding[] {
  const all = templates.flatMap((pieces) => [pieces, ...madeIn(pieces)]);
  return all.flatMap((pieces) => {
    // What is told with all access keys and times alike need not be told again for those that are not.
    const marks = new Set<number>();
    const high = disputes({ pieces, definition, keysAndTimes: 'one' }, marks).map((found) => findingOf(found, 'high'));
    const low = disputes({ pieces, definition, keysAndTimes: 'any' }, marks).map((found) => findingOf(found, 'low'));
    return [...high, ...low];
  });
}

const madeIn = (pieces: readonly Piece[]): ReadonlyArray<readonly Piece[]> =>
  pieces.flatMap((piece) => {
    if (piece.kind === 'optional') return madeIn(piece.pieces);
    return piece.kind === 'made' ? [piece.pieces, ...madeIn(piece.pieces)] : [];
  });

type Subject = Assumptions & { readonly pieces: readonly Piece[]; readonly definition: SchemeDefinition };

type Dispute = { readonly readings: Ambiguity; readonly segments: readonly Segment[] };

/** Finds one after the other: each place that was found is marked, as if it were beyond doubt. */
function disputes(subject: Subject, marks: Set<number>): readonly Dispute[] {
  const found: Dispute[] = [];
  for (;;) {
    const sequence = sequenceOf(subject, marks);
    const segments = toSegments(sequence);
    const readings = findAmbiguity(sequence);
    if (!readings) return found;
    found.push({ readings, segments });
    marks.add(segments.indexOf(readings.disputed));
  }
}

function sequenceOf({ pieces, definition, ...assumptions }: Subject, marks: ReadonlySet<number>): Sequence {
  let count = 0;
  const of = (some: readonly Piece[]): Sequence =>
    some.map((piece) => {
      if (piece.kind === 'optional') return { optional: of(piece.pieces) };
      const marked = marks.has(count++);
      if (piece.kind === 'text') return { language: literal(piece.text), name: undefined, marked };
      const field = piece.kind === 'value' ? piece.field : piece.name;
      const language = piece.kind === 'value' ? languageOfField(field, definition, assumptions) : anything;
      return { language: applyFilter(language, piece.filters, field), name: spelt(field, piece.filters), marked };
    });
  return of(pieces);
}

/** A value as a template has it. */
export const spelt = (field: string, filters: readonly Filter[]): string =>
  `{${[field, ...filters.map(({ name, argument }) => (argument === undefined ? name : `${name}:${argument}`))].join('|')}}`;

function findingOf({ readings, segments }: Dispute, severity: 'high' | 'low'): Finding {
  const { disputed, one, other, text } = readings;
  const at = segments.indexOf(disputed);
  const left = segments.slice(0, at).reduce((last, { name }, i) => (name ? i : last), -1);
  const right = segments.findIndex(({ name }, i) => name && i >= at);
  const separator = segments.slice(left + 1, right < 0 ? undefined : right).map((between) => between.language[0] ?? []);
  const between = separator.flatMap((runs) => runs.map(({ characters }) => characters)).join('');
  const before = segments[left]?.name ?? 'the beginning';
  const after = segments[right]?.name ?? 'the end';
  const changed = segments.filter((segment) => segment.name && (one.get(segment) ?? '') !== (other.get(segment) ?? ''));
  const row = (reading: ReadonlyMap<Segment, string>) =>
    changed.map((segment) => `${segment.name} ${JSON.stringify(reading.get(segment) ?? '')}`).join(', ');
  const attack = `${row(one)} and ${row(other)} have one string to sign, ${JSON.stringify(text)}: the signature of one request is that of the other.`;
  const but =
    severity === 'low' ? ' Only the length of a time, or that two access keys have two secrets, keeps them apart.' : '';
  return between
    ? {
        code: 'ambiguous-separator',
        severity,
        message: `${JSON.stringify(between)} between ${before} and ${after} can be part of what it separates.${but}`,
        attack,
      }
    : {
        code: 'adjacent-values',
        severity,
        message: `Nothing stands between ${before} and ${after}.${but}`,
        attack,
      };
}
