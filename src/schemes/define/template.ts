import { misdefined, type Place } from './misdefined.ts';

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

type Mark = { readonly kind: 'open' | 'close'; readonly at: number };

// A doubled brace or bracket is that character; what is in single ones is no text.
const token = /\{\{|\}\}|\[\[|\]\]|[{}[\]]|[^{}[\]]+/g;

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
  for (const piece of piecesOf(where, template)) {
    const place = { where, template, at: piece.at };
    if (piece.kind === 'open') {
      if (optional) misdefined(place, 'a [ within [ ]; a bracket that is text is written [[');
      optional = { parts: [], at: piece.at };
    } else if (piece.kind === 'close') {
      if (!optional) return misdefined(place, 'this ] has no [; a bracket that is text is written ]]');
      parts.push({ kind: 'optional', ...optional });
      optional = undefined;
    } else {
      add(optional?.parts ?? parts, piece);
    }
  }
  if (optional)
    misdefined({ where, template, at: optional.at }, 'this [ has no ]; a bracket that is text is written [[');
  return parts;
}

function piecesOf(where: string, template: string): ReadonlyArray<TextPart | ValuePart | Mark> {
  const pieces: Array<TextPart | ValuePart | Mark> = [];
  token.lastIndex = 0;
  for (let found = token.exec(template); found; found = token.exec(template)) {
    const [text] = found;
    const at = found.index;
    if (text === '}') misdefined({ where, template, at }, 'this } has no {; a brace that is text is written }}');
    if (text === '{') {
      const end = template.indexOf('}', at);
      if (end < 0) misdefined({ where, template, at }, 'this { has no }; a brace that is text is written {{');
      pieces.push(parseValue({ where, template, at }, template.slice(at + 1, end)));
      token.lastIndex = end + 1;
    } else if (text === '[' || text === ']') {
      pieces.push({ kind: text === '[' ? 'open' : 'close', at });
    } else {
      pieces.push({ kind: 'text', text: /^([{}[\]])\1$/.test(text) ? text.slice(1) : text, at });
    }
  }
  return pieces;
}

// Text on both sides of a doubled brace is one text.
function add(parts: Part[], piece: TextPart | ValuePart): void {
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
  if (!fieldName.test(field)) misdefined({ ...place, at }, `"${field}" is no name of a field`);
  at += field.length + 1;
  const filters = rest.map((text): Filter => {
    const [, filter = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
    if (!name.test(filter)) misdefined({ ...place, at }, `"${filter}" is no name of a filter`);
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
