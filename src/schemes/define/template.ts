import { invalidDefinition, type Place } from './invalid-definition.ts';

/** A step of a value's making: `sort`, or `truncate:8`. */
export type Filter = {
  readonly name: string;
  readonly argument: string | undefined;
  /** Where it stands in the template, from 0. */
  readonly at: number;
};

/** A value of the request: `{query|sort}`. */
export type ValuePart = {
  readonly kind: 'value';
  /** `method`, `header.x-date`: header names in lower case. */
  readonly field: string;
  readonly filters: readonly Filter[];
  /** Where its `{` stands in the template, from 0. */
  readonly at: number;
};

export type TextPart = { readonly kind: 'text'; readonly text: string; readonly at: number };

/** What is left out where the value in it is absent: `[, hash="{value.hash}"]`. */
export type OptionalPart = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<TextPart | ValuePart>;
  readonly at: number;
};

/** A template as it was parsed. */
export type Part = TextPart | ValuePart | OptionalPart;

type Mark = { readonly kind: 'open'; readonly at: number } | { readonly kind: 'close'; readonly at: number };

// A doubled brace or bracket is that character; what is in single ones is no text.
const token = /\{\{|\}\}|\[\[|\]\]|\{[^}]*\}|[{}[\]]|[^{}[\]]+/g;

/**
 * Parses a template: text, `{field|filter:argument}`, `[` `]` around what is optional; `{{`, `}}`, `[[` and `]]` are the
 * characters themselves.
 *
 * @param where the key of the definition, for messages.
 * @throws SignatureError `invalid_configuration`, which points at the character.
 */
export function parseTemplate(where: string, template: string): readonly Part[] {
  const parts: Part[] = [];
  let optional: { readonly parts: Array<TextPart | ValuePart>; readonly at: number } | undefined;
  for (const { 0: text, index: at } of template.matchAll(token)) {
    const place = { where, template, at };
    const piece = pieceOf(text, place);
    if (piece.kind === 'open') {
      if (optional) invalidDefinition(place, 'a [ within [ ]; a bracket that is text is written [[');
      optional = { parts: [], at };
    } else if (piece.kind === 'close') {
      if (!optional) return invalidDefinition(place, 'this ] has no [; a bracket that is text is written ]]');
      parts.push({ kind: 'optional', ...optional });
      optional = undefined;
    } else {
      add(optional?.parts ?? parts, piece);
    }
  }
  if (optional)
    invalidDefinition({ where, template, at: optional.at }, 'this [ has no ]; a bracket that is text is written [[');
  return parts;
}

const unclosed: Readonly<Record<string, string>> = {
  '{': 'this { has no }; a brace that is text is written {{',
  '}': 'this } has no {; a brace that is text is written }}',
};

function pieceOf(text: string, place: Place): TextPart | ValuePart | Mark {
  const { at } = place;
  const problem = unclosed[text];
  if (problem) invalidDefinition(place, problem);
  if (text === '[' || text === ']') return text === '[' ? { kind: 'open', at } : { kind: 'close', at };
  if (/^([{}[\]])\1$/.test(text)) return { kind: 'text', text: text.slice(1), at };
  return text.startsWith('{') ? parseValue(place, text.slice(1, -1)) : { kind: 'text', text, at };
}

// Text on both sides of a doubled brace is one text.
function add(parts: Array<TextPart | ValuePart> | Part[], piece: TextPart | ValuePart): void {
  const last = parts.at(-1);
  if (last?.kind === 'text' && piece.kind === 'text')
    parts[parts.length - 1] = { ...last, text: last.text + piece.text };
  else parts.push(piece);
}

const name = /^[A-Za-z][A-Za-z\d]*$/;
// The part after the dot may be a header's name, RFC 9110 section 5.6.2, but for | and }.
const fieldName = /^[A-Za-z][A-Za-z\d]*(?:\.[\w!#$%&'*+.^`~-]+)?$/;

function parseValue(place: Place, content: string): ValuePart {
  const [field = '', ...rest] = content.split('|');
  let at = place.at + 1;
  if (!fieldName.test(field)) invalidDefinition({ ...place, at }, `"${field}" is no name of a field`);
  at += field.length + 1;
  const filters = rest.map((text): Filter => {
    const [, filter = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
    if (!name.test(filter)) invalidDefinition({ ...place, at }, `"${filter}" is no name of a filter`);
    const parsed = { name: filter, argument, at };
    at += text.length + 1;
    return parsed;
  });
  return {
    kind: 'value',
    field: field.startsWith('header.') ? field.toLowerCase() : field,
    filters,
    at: place.at,
  };
}
