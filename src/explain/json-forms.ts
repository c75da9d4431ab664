import { lazy } from './effort.ts';

/** A form in which the body may have been written, with its name. */
export type WrittenForm = {
  readonly label: string;
  /** The maximum length, as a multiple of the length of the body. @default 1 */
  readonly growth?: number;
  /** Returns undefined if the body has no such form. */
  text(): string | undefined;
};

type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** The maximum depth of JSON: writing it is recursive, and some runtimes have small stacks. */
const maxDepth = 512;

/** Whether a text is JSON beyond the maximum depth, measured without parsing. */
export const isTooDeep = (text: string): boolean => /^\s*[[{]/.test(text) && measureDepth(text) > maxDepth;

/**
 * Lists the forms in which other libraries write the same value. Most signatures that fail because of the body do so because one side
 * parsed and serialised it again. Nothing is parsed or serialised until a form is requested.
 *
 * @param text within the maximum depth.
 */
export function jsonForms(text: string): readonly WrittenForm[] {
  const read = lazy(() => tryParse(text));
  // Called only if the text is valid JSON.
  const value = (): Value => read() ?? null;
  const sorted = lazy(() => sortNames(value()));
  const compact = lazy(() => JSON.stringify(value()));
  const python = lazy(() => formatSpaced(value()));
  const escaped = lazy(() => escapeNonAscii(compact()));
  const indented = (by: number | string) => () => JSON.stringify(value(), null, by);
  const indents = countIndents(text);
  const growth = (width: number): number => 1 + (indents * width) / Math.max(1, text.length);
  const forms: readonly WrittenForm[] = [
    { label: 'the JSON without white space', text: compact },
    { label: 'the JSON, indented by 2 spaces', text: indented(2), growth: growth(2) },
    { label: 'the JSON, indented by 4 spaces', text: indented(4), growth: growth(4) },
    { label: 'the JSON, indented by tabs', text: indented('\t'), growth: growth(1) },
    { label: "the JSON as written by Python's json.dumps", text: () => escapeNonAscii(python()) },
    { label: "the JSON as written by Python's json.dumps with ensure_ascii=False", text: python },
    { label: 'the JSON without white space and with \\u escapes', text: escaped },
    { label: 'the JSON with sorted names', text: () => JSON.stringify(sorted()) },
    {
      label: "the JSON as written by Python's json.dumps with sort_keys=True",
      text: () => escapeNonAscii(formatSpaced(sorted())),
    },
    { label: 'the JSON with escaped slashes, as written by PHP', text: () => escaped().replace(/\//g, '\\/') },
    {
      label: 'the JSON as written by PHP with JSON_UNESCAPED_UNICODE',
      text: () => compact().replace(/\//g, '\\/'),
    },
    { label: 'the JSON as written by Go', text: () => compact().replace(/[<>&\u2028\u2029]/g, escapeOf) },
    {
      label: 'the JSON as written by System.Text.Json of .NET',
      text: () => escapeNonAscii(compact().replace(/\\"/g, '\\u0022')).replace(/[<>&'+`]/g, upperEscapeOf),
    },
    { label: 'the text in the JSON string', text: () => readString(value()) },
    { label: 'the JSON, encoded as JSON once more', text: () => JSON.stringify(text) },
  ];
  return forms.map((form) => ({ ...form, text: () => (read() === undefined ? undefined : form.text()) }));
}

/** Returns the maximum number of arrays and objects that are open at the same time. */
function measureDepth(text: string): number {
  let greatest = 0;
  forEachLine(text, (depth) => {
    greatest = Math.max(greatest, depth);
  });
  return greatest;
}

/** Returns the total number of indentation levels in all lines of an indented form of the JSON. */
function countIndents(text: string): number {
  let indents = 0;
  forEachLine(text, (depth) => {
    indents += depth;
  });
  return indents;
}

const steps: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** Calls `see` with the depth of each line of an indented form: after each bracket and comma outside strings. */
function forEachLine(text: string, see: (depth: number) => void): void {
  let depth = 0;
  let inString = false;
  for (let place = 0; place < text.length; place++) {
    const character = text[place];
    if (inString && character === '\\') place++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (/[[\]{},]/.test(character ?? '')) {
      // A closing bracket too many is no JSON, and must not make a form cost less than nothing.
      depth = Math.max(0, depth + (steps[character ?? ''] ?? 0));
      see(depth);
    }
  }
}

function tryParse(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

const readString = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined);

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const upperEscapeOf = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

const escapeNonAscii = (json: string): string => json.replace(/[\u007f-\uffff]/g, escapeOf);

/** Serialises with a space after each comma and colon, as Python does. */
export function formatSpaced(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(formatSpaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${formatSpaced(member)}`)
    .join(', ')}}`;
}

function sortNames(value: Value): Value {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, sortNames((value as Record<string, Value>)[name] ?? null)]));
}
