import type { Plan } from '../plan/plan.ts';
import type { PlannedPart, PlannedTemplate } from '../plan/template.ts';
import type { PlannedFilter, PlannedValue } from '../plan/value.ts';

/** A piece of a template, after named values and the headers of the definition have been replaced by their templates. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly field: string; readonly filters: readonly PlannedFilter[] }
  /** A nested template that a filter turns into one value. */
  | {
      readonly kind: 'made';
      readonly name: string;
      readonly pieces: readonly Piece[];
      readonly filters: readonly PlannedFilter[];
    }
  | {
      readonly kind: 'optional';
      readonly pieces: readonly Piece[];
      /** What must be there: otherwise the pieces are omitted. Fields, and `one of the methods POST`. */
      readonly unless: readonly string[];
    };

/** All templates of a definition, as pieces. */
export type Flattened = {
  readonly stringToSign: readonly Piece[];
  readonly keySteps: ReadonlyArray<readonly Piece[]>;
  /** The templates of headers and query. */
  readonly carried: ReadonlyArray<readonly Piece[]>;
  /** The templates of the parameters that are added to the query before it is signed. */
  readonly signedQuery: ReadonlyArray<readonly Piece[]>;
};

/** Lists the pieces of all templates of a plan. */
export function flatten(plan: Plan): Flattened {
  const named = new Map<string, readonly Piece[]>();
  if (plan.separator !== undefined) {
    const line = plan.line.map(
      (part): Piece => (part.kind === 'text' ? part : { kind: 'value', field: part.kind, filters: [] }),
    );
    // Two lines are enough to reveal every ambiguity.
    const more = optional(line, 'signedHeaderLines');
    named.set('signedHeaderLines', [optional([...line, more], 'signedHeaderLines')]);
  }
  for (const [field, { parts }] of Object.entries(plan.named)) named.set(field, inlineParts(parts, named));
  const toPieces = ({ parts }: PlannedTemplate) => inlineParts(parts, named);
  return {
    stringToSign: toPieces(plan.stringToSign),
    keySteps: plan.key.steps.map(toPieces),
    carried: [...plan.headers, ...plan.query].map(toPieces),
    signedQuery: plan.query.filter(({ signature }) => !signature).map(toPieces),
  };
}

function optional(pieces: readonly Piece[], absentable: string): Piece {
  const [field = '', methods] = absentable.split('|only:');
  return { kind: 'optional', pieces, unless: methods === undefined ? [field] : [field, formatMethods(methods)] };
}

/** Formats the condition that the filter `only` sets. */
export const formatMethods = (methods: string): string => `one of the methods ${methods}`;

const inlineParts = (parts: readonly PlannedPart[], named: ReadonlyMap<string, readonly Piece[]>): readonly Piece[] =>
  parts.flatMap((part): readonly Piece[] => {
    if (part.kind === 'text') return [{ kind: 'text', text: part.text }];
    if (part.kind === 'value') return inlineValue(part, named);
    return [optional(inlineParts(part.parts, named), part.absentable)];
  });

function inlineValue({ field, filters }: PlannedValue, named: ReadonlyMap<string, readonly Piece[]>): readonly Piece[] {
  const pieces = named.get(field);
  if (!pieces) return [{ kind: 'value', field, filters }];
  return filters.length ? [{ kind: 'made', name: field, pieces, filters }] : pieces;
}
