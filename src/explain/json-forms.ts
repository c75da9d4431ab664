import { lazy } from './effort.ts';

/** A body as it may have been written, and how that is called. */
export type WrittenForm = {
  readonly says: string;
  /** How many times as long as the body it may be. @default 1 */
  readonly growth?: number;
  /** Undefined where the body cannot be written so. */
  text(): string | undefined;
};

type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** How deep JSON may be nested: writing it recurses, and stacks are short in some runtimes. */
const deepest = 512;

/** Whether a text is JSON that is nested too deep, measured without reading the JSON. */
export const isTooDeep = (text: string): boolean => /^\s*[[{]/.test(text) && depthOf(text) > deepest;

/**
 * The same value as other libraries write it: most signatures that fail over a body do because one side parsed it and wrote it
 * anew. Nothing is parsed or written before a form is asked for.
 *
 * @param text not nested too deep.
 */
export function jsonForms(text: string): readonly WrittenForm[] {
  const read = lazy(() => parsed(text));
  // Asked for only where there is one.
  const value = (): Value => read() ?? null;
  const sorted = lazy(() => inOrder(value()));
  const compact = lazy(() => JSON.stringify(value()));
  const python = lazy(() => spaced(value()));
  const escaped = lazy(() => ascii(compact()));
  const indented = (by: number | string) => () => JSON.stringify(value(), null, by);
  const indents = indentsOf(text);
  const growth = (width: number): number => 1 + (indents * width) / text.length;
  const forms: readonly WrittenForm[] = [
    { says: 'the JSON, written without white space', text: compact },
    { says: 'the JSON, indented by 2 spaces', text: indented(2), growth: growth(2) },
    { says: 'the JSON, indented by 4 spaces', text: indented(4), growth: growth(4) },
    { says: 'the JSON, indented by tabs', text: indented('\t'), growth: growth(1) },
    { says: "the JSON, as Python's json.dumps writes it", text: () => ascii(python()) },
    { says: "the JSON, as Python's json.dumps with ensure_ascii=False writes it", text: python },
    { says: 'the JSON, without white space and with \\u escapes', text: escaped },
    { says: 'the JSON, with sorted names', text: () => JSON.stringify(sorted()) },
    { says: "the JSON, as Python's json.dumps with sort_keys=True writes it", text: () => ascii(spaced(sorted())) },
    { says: 'the JSON, with escaped slashes, as PHP writes it', text: () => escaped().replace(/\//g, '\\/') },
    {
      says: 'the JSON, as PHP writes it with JSON_UNESCAPED_UNICODE',
      text: () => compact().replace(/\//g, '\\/'),
    },
    { says: 'the JSON, as Go writes it', text: () => compact().replace(/[<>&\u2028\u2029]/g, escapeOf) },
    {
      says: 'the JSON, as System.Text.Json of .NET writes it',
      text: () => ascii(compact().replace(/\\"/g, '\\u0022')).replace(/[<>&'+`]/g, upperEscapeOf),
    },
    { says: 'the text that the body is the JSON of', text: () => stringOf(value()) },
    { says: 'the JSON, written as JSON once more', text: () => JSON.stringify(text) },
  ];
  return forms.map((form) => ({ ...form, text: () => (read() === undefined ? undefined : form.text()) }));
}

/** The greatest number of arrays and objects that are open at once, outside strings. */
function depthOf(text: string): number {
  let greatest = 0;
  forEachLine(text, (depth) => {
    greatest = Math.max(greatest, depth);
  });
  return greatest;
}

/** How often an indented form of the JSON is indented by one level, all its lines together. */
function indentsOf(text: string): number {
  let indents = 0;
  forEachLine(text, (depth) => {
    indents += depth;
  });
  return indents;
}

const steps: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** Calls `see` with the depth of each line of an indented form: after brackets and commas that stand outside strings. */
function forEachLine(text: string, see: (depth: number) => void): void {
  let depth = 0;
  let inString = false;
  for (let place = 0; place < text.length; place++) {
    const character = text[place];
    if (inString && character === '\\') place++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (/[[\]{},]/.test(character ?? '')) {
      depth += steps[character ?? ''] ?? 0;
      see(depth);
    }
  }
}

function parsed(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

const stringOf = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined);

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const upperEscapeOf = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

const ascii = (json: string): string => json.replace(/[\u007f-\uffff]/g, escapeOf);

/** With a space after each comma and colon. */
function spaced(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`)
    .join(', ')}}`;
}

function inOrder(value: Value): Value {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, inOrder((value as Record<string, Value>)[name] ?? null)]));
}
