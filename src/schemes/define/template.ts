import { invalidDefinition, type Place } from './invalid-definition.ts';

/** A filter of a value, for example `sort` or `truncate:8`. */
export type Filter = {
  readonly name: string;
  readonly argument: string | undefined;
  /** Its index in the template, from 0. */
  readonly at: number;
};

/** A value of the request, for example `{query|sort}`. */
export type ValuePart = {
  readonly kind: 'value';
  /** For example `method` or `header.x-date`. Header names are in lower case. */
  readonly field: string;
  readonly filters: readonly Filter[];
  /** The index of its `{` in the template, from 0. */
  readonly at: number;
};

export type TextPart = { readonly kind: 'text'; readonly text: string; readonly at: number };

/** A part in brackets, omitted if the value in it is absent: `[, hash="{value.hash}"]`. */
export type OptionalPart = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<TextPart | ValuePart>;
  readonly at: number;
};

/** A part of a parsed template. */
export type Part = TextPart | ValuePart | OptionalPart;

type Mark = { readonly kind: 'open'; readonly at: number } | { readonly kind: 'close'; readonly at: number };

// A doubled brace or bracket is a literal character; a single one is syntax.
const token = /\{\{|\}\}|\[\[|\]\]|\{[^}]*\}|[{}[\]]|[^{}[\]]+/g;

/**
 * Parses a template: text, `{field|filter:argument}`, and `[` `]` around an optional part. `{{`, `}}`, `[[` and `]]` are the literal
 * characters.
 *
 * @param where the key in the definition, for messages.
 * @throws SignatureError `invalid_configuration`. The message points at the character.
 */
export function parseTemplate(where: string, template: string): readonly Part[] {
  const parts: Part[] = [];
  let optional: { readonly parts: Array<TextPart | ValuePart>; readonly at: number } | undefined;
  for (const { 0: text, index: at } of template.matchAll(token)) {
    const place = { where, template, at };
    const piece = parsePiece(text, place);
    if (piece.kind === 'open') {
      if (optional) invalidDefinition(place, 'brackets cannot be nested; write [[ for a literal [');
      optional = { parts: [], at };
    } else if (piece.kind === 'close') {
      if (!optional) return invalidDefinition(place, 'this ] has no [; write ]] for a literal ]');
      parts.push({ kind: 'optional', ...optional });
      optional = undefined;
    } else {
      append(optional?.parts ?? parts, piece);
    }
  }
  if (optional) invalidDefinition({ where, template, at: optional.at }, 'this [ has no ]; write [[ for a literal [');
  return parts;
}

const unclosed: Readonly<Record<string, string>> = {
  '{': 'this { has no }; write {{ for a literal {',
  '}': 'this } has no {; write }} for a literal }',
};

function parsePiece(text: string, place: Place): TextPart | ValuePart | Mark {
  const { at } = place;
  const problem = unclosed[text];
  if (problem) invalidDefinition(place, problem);
  if (text === '[' || text === ']') return text === '[' ? { kind: 'open', at } : { kind: 'close', at };
  if (/^([{}[\]])\1$/.test(text)) return { kind: 'text', text: text.slice(1), at };
  return text.startsWith('{') ? parseValue(place, text.slice(1, -1)) : { kind: 'text', text, at };
}

// Merges the text before and after a doubled brace into one part.
function append(parts: Array<TextPart | ValuePart> | Part[], piece: TextPart | ValuePart): void {
  const last = parts.at(-1);
  if (last?.kind === 'text' && piece.kind === 'text')
    parts[parts.length - 1] = { ...last, text: last.text + piece.text };
  else parts.push(piece);
}

const name = /^[A-Za-z][A-Za-z\d]*$/;
// The part after the dot may be a header name (RFC 9110 section 5.6.2) without | and }.
const fieldName = /^[A-Za-z][A-Za-z\d]*(?:\.[\w!#$%&'*+.^`~-]+)?$/;

function parseValue(place: Place, content: string): ValuePart {
  const [field = '', ...rest] = content.split('|');
  let at = place.at + 1;
  if (!fieldName.test(field)) invalidDefinition({ ...place, at }, `"${field}" is not a field name`);
  at += field.length + 1;
  const filters = rest.map((text): Filter => {
    const [, filter = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
    if (!name.test(filter)) invalidDefinition({ ...place, at }, `"${filter}" is not a filter name`);
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
