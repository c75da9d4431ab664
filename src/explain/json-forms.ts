/** A body as it may have been written, and how that is called. */
export type WrittenForm = { readonly says: string; readonly text: string };

type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/**
 * The same value as other libraries write it: most signatures that fail over a body do because one side parsed it and wrote it
 * anew.
 */
export function jsonForms(text: string): readonly WrittenForm[] {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    return [];
  }
  const sorted = inOrder(value);
  const compact = JSON.stringify(value);
  return [
    { says: 'the JSON, written without white space', text: compact },
    ...[2, 4].map((count) => ({
      says: `the JSON, indented by ${count} spaces`,
      text: JSON.stringify(value, null, count),
    })),
    { says: 'the JSON, indented by tabs', text: JSON.stringify(value, null, '\t') },
    { says: "the JSON, as Python's json.dumps writes it", text: ascii(spaced(value)) },
    { says: "the JSON, as Python's json.dumps with ensure_ascii=False writes it", text: spaced(value) },
    { says: 'the JSON, without white space and with \\u escapes', text: ascii(compact) },
    { says: 'the JSON, with sorted names', text: JSON.stringify(sorted) },
    { says: "the JSON, as Python's json.dumps with sort_keys=True writes it", text: ascii(spaced(sorted)) },
    { says: 'the JSON, with escaped slashes, as PHP writes it', text: ascii(compact).replace(/\//g, '\\/') },
    { says: 'the JSON, as PHP writes it with JSON_UNESCAPED_UNICODE', text: compact.replace(/\//g, '\\/') },
    { says: 'the JSON, as Go writes it', text: compact.replace(/[<>&\u2028\u2029]/g, escapeOf) },
    {
      says: 'the JSON, as System.Text.Json of .NET writes it',
      text: ascii(compact.replace(/\\"/g, '\\u0022')).replace(/[<>&'+`]/g, upperEscapeOf),
    },
    ...(typeof value === 'string' ? [{ says: 'the text that the body is the JSON of', text: value }] : []),
    { says: 'the JSON, written as JSON once more', text: JSON.stringify(text) },
  ];
}

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
