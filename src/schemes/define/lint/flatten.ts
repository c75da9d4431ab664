import type { SchemeDefinition } from '../definition.ts';
import { type Filter, type Part, parseTemplate, type ValuePart } from '../template.ts';

/** A piece of a template, after named values and the headers of the definition have been replaced by their templates. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly field: string; readonly filters: readonly Filter[] }
  /** A nested template that a filter turns into one value. */
  | {
      readonly kind: 'made';
      readonly name: string;
      readonly pieces: readonly Piece[];
      readonly filters: readonly Filter[];
    }
  | { readonly kind: 'optional'; readonly pieces: readonly Piece[] };

/** All templates of a definition, as pieces. */
export type Flattened = {
  readonly stringToSign: readonly Piece[];
  readonly keySteps: ReadonlyArray<readonly Piece[]>;
  /** The templates of headers and query. */
  readonly carried: ReadonlyArray<readonly Piece[]>;
  /** The templates of the parameters that are added to the query before it is signed. */
  readonly signedQuery: ReadonlyArray<readonly Piece[]>;
};

/**
 * @throws SignatureError `invalid_configuration` for templates that cannot be parsed.
 */
export function flatten(definition: SchemeDefinition): Flattened {
  const { stringToSign, key, headers = {}, query = {}, values = {}, signedHeaders } = definition;
  const named = new Map<string, readonly Piece[]>();
  const parsePieces = (where: string, template: string) => inlineParts(parseTemplate(where, template), named);
  for (const [name, template] of Object.entries(values)) {
    named.set(`value.${name}`, parsePieces(`values.${name}`, template));
  }
  const carried: Array<readonly Piece[]> = [];
  for (const [name, template] of Object.entries(headers)) {
    const pieces = parsePieces(`headers.${name}`, template);
    named.set(`header.${name.toLowerCase()}`, pieces);
    carried.push(pieces);
  }
  const parameters = Object.entries(query).map(([name, template]) => parsePieces(`query.${name}`, template));
  if (signedHeaders) {
    const line = parsePieces('signedHeaders.line', signedHeaders.line);
    // Two lines are enough to reveal every ambiguity.
    named.set('signedHeaderLines', [optional([...line, optional(line)])]);
  }
  return {
    stringToSign: parsePieces('stringToSign', stringToSign),
    keySteps: (key?.steps ?? []).map((step, i) => parsePieces(`key.steps.${i}`, step)),
    carried: [...carried, ...parameters],
    signedQuery: parameters.filter(
      (pieces) => !pieces.some((piece) => piece.kind === 'value' && piece.field === 'signature'),
    ),
  };
}

const optional = (pieces: readonly Piece[]): Piece => ({ kind: 'optional', pieces });

function inlineParts(parts: readonly Part[], named: ReadonlyMap<string, readonly Piece[]>): readonly Piece[] {
  return parts.flatMap((part): readonly Piece[] => {
    if (part.kind === 'text') return [{ kind: 'text', text: part.text }];
    return part.kind === 'optional' ? [optional(inlineParts(part.parts, named))] : inlineValue(part, named);
  });
}

function inlineValue({ field, filters }: ValuePart, named: ReadonlyMap<string, readonly Piece[]>): readonly Piece[] {
  const pieces = named.get(field);
  if (!pieces) return [{ kind: 'value', field, filters }];
  if (!filters.length) return pieces;
  const [only, ...more] = pieces;
  if (only?.kind === 'value' && !more.length) return [{ ...only, filters: [...only.filters, ...filters] }];
  return [{ kind: 'made', name: field, pieces, filters }];
}
