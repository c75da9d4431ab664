import type { NonceForm, SchemeDefinition } from '../definition.ts';
import type { Filter } from '../template.ts';

/** So many characters in a row, each any of some. */
export type Run = { readonly characters: string; readonly min: number; readonly max: number };

/** All texts that a value can be: any of the alternatives, each of which is runs in a row. */
export type Language = ReadonlyArray<readonly Run[]>;

// In the order in which examples like to use them.
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '1234567890';
const word = `${lower}${upper}${digits}_-`;
// Of these marks and the word characters are URIs made, RFC 3986 section 2, but for "#", "?" and "/"; parsers let some more pass.
const marks = `=&.,;:~!$'()*+%@[]|^"<>\\\`{}`;
// Stands for all that is not ASCII.
const foreign = '\u00e9';
const uri = `${word}${marks}/`;
const printable = `${uri}?# `;
const segment = `${uri}${foreign}`;
const visible = printable.slice(0, -1);
const codes = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('');
const any = `${printable}${codes}\u007f${foreign}`;

const some = (characters: string, min: number, max: number = Number.POSITIVE_INFINITY): Run => ({
  characters,
  min,
  max,
});
const exactly = (text: string): readonly Run[] => [...text].map((character) => some(character, 1, 1));

// A token in lower case, RFC 9110 section 5.6.2.
const fieldName = `${lower}${digits}-_.!#$%&'*+^\`|~`;
const host = some(`${lower}${digits}.-:[]`, 1);
const path = [some('/', 1, 1), some(segment, 0)];
const target = [path, [...path, some('?', 1, 1), some(`${segment}?`, 1)]];
const url = ['http', 'https'].flatMap((scheme) => target.map((rest) => [...exactly(`${scheme}://`), host, ...rest]));

const fields: Readonly<Record<string, Language>> = {
  // A token in upper case, RFC 9110 section 5.6.2.
  method: [[some(`${upper}${digits}-.!#$%&'*+^_\`|~`, 1)]],
  scheme: [exactly('http'), exactly('https')],
  authority: [[host]],
  host: [[host]],
  port: [[some(digits, 1, 5)]],
  path: [path],
  query: [[some(`${segment}?`, 0)]],
  target,
  url,
  body: [[some(any, 0)]],
  challenge: [[some(`${word}.~`, 1)]],
  sessionToken: [[some(`${word}.~+/=`, 1)]],
  name: [[some(fieldName, 1)]],
};

// Without the whitespace around it, RFC 9110 section 5.5.
const headerValue: Language = [
  [],
  [some(visible, 1, 1)],
  [some(visible, 1, 1), some(`${printable}\t`, 0), some(visible, 1, 1)],
];

/** What is assumed of values that a caller does not choose. */
export type Assumptions = {
  /**
   * `one`: the access key is always the same one, because another has another secret; and times have the length of today's,
   * because all others are stale. `any`: as they come.
   */
  readonly keysAndTimes: 'one' | 'any';
};

/** The texts that a field can be, in what a verifier takes. Those of headers may be any printable text. */
export function languageOfField(name: string, definition: SchemeDefinition, { keysAndTimes }: Assumptions): Language {
  if (name === 'accessKey') return keysAndTimes === 'one' ? [exactly('key1')] : [[some(`${word}.~`, 1)]];
  if (name === 'timestamp') return keysAndTimes === 'one' ? fixedTimestamp(definition) : anyTimestamp(definition);
  if (name === 'nonce') return [nonceRuns(definition)];
  if (name === 'signedHeaders') return [[some(`${fieldName}${definition.signedHeaders?.separator ?? ''}`, 0)]];
  return fields[name] ?? headerValue;
}

const timestamps: Readonly<Record<string, string>> = {
  'unix-seconds': '9999999999',
  'unix-milliseconds': '9999999999999',
  'iso-8601': '9999-99-99T99:99:99Z',
  'iso-8601-milliseconds': '9999-99-99T99:99:99.999Z',
  'iso-8601-basic': '99999999T999999Z',
  'imf-fixdate': 'aaa, 99 aaa 9999 99:99:99 GMT',
};

function fixedTimestamp({ timestamp = 'unix-seconds' }: SchemeDefinition): Language {
  if (typeof timestamp === 'string') return [shaped(timestamps[timestamp] ?? '')];
  return [
    shaped(
      timestamp.pattern.replace(/\{\w+\}/g, (field) =>
        field.match(/m{3}|d{3}/i) ? 'aaa' : '9'.repeat(field.length - 2),
      ),
    ),
  ];
}

const anyTimestamp = (definition: SchemeDefinition): Language =>
  /^(?:unix-.*)?$/.test(`${definition.timestamp ?? ''}`)
    ? [[some('123456789', 1, 1), some(digits, 0)]]
    : fixedTimestamp(definition);

// A 9 is any digit, an a any letter.
const shaped = (shape: string): readonly Run[] =>
  [...shape].map((sign) => some(sign === '9' ? digits : sign === 'a' ? lower + upper : sign, 1, 1));

const nonceCharacters: Readonly<Record<NonceForm, string>> = {
  base64url: word,
  hex: `abcdef${digits}`,
  digits,
  uuid: `abcdef${digits}-`,
};

function nonceRuns({ nonce = 'base64url' }: SchemeDefinition): readonly Run[] {
  const { form, min, max } = typeof nonce === 'string' ? { form: nonce, min: 16, max: 128 } : nonce;
  return form === 'uuid' ? [some(nonceCharacters.uuid, 36, 36)] : [some(nonceCharacters[form], min, max)];
}

const digestSizes: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64, sha1: 20, md5: 16 };

const mapped = (language: Language, change: (run: Run) => Run): Language => language.map((runs) => runs.map(change));
const respelt = (language: Language, change: (characters: string) => string): Language =>
  mapped(language, ({ characters, ...run }) => ({ ...run, characters: [...new Set(change(characters))].join('') }));

// The texts of bytes that were encoded: of a digest, one length.
function encoded(language: Language, characters: string, length: (bytes: number) => number): Language {
  const shortest = Math.min(...language.map((runs) => runs.reduce((sum, { min }) => sum + min, 0)));
  const longest = Math.max(...language.map((runs) => runs.reduce((sum, { max }) => sum + max, 0)));
  return [[some(characters, length(shortest), length(longest))]];
}

const joints: Readonly<Record<string, string>> = { path: '/', query: '=&' };

const escapes =
  (kept: string): Change =>
  (language, { structure }) =>
    respelt(language, (characters) => {
      const left = [...characters].filter((character) => (kept + joints[structure]).includes(character)).join('');
      return left === characters ? left : `${left}%ABCDEF${digits}`;
    });

type Given = {
  readonly argument: string;
  /** `path` or `query` as long as it is in pieces, whose joints no filter changes. */
  readonly structure: string;
};

type Change = (language: Language, given: Given) => Language;

// Other filters (trim, sort) leave no text that could not have been there before.
const changes: Readonly<Record<string, Change>> = {
  lower: (language) => respelt(language, (characters) => characters.toLowerCase()),
  upper: (language) => respelt(language, (characters) => characters.toUpperCase()),
  collapse: (language) => respelt(language, (characters) => characters.replace(/\s/g, ' ')),
  // Refuses what it would make a control character of.
  decode: (language) =>
    respelt(language, (characters) => (characters.includes('%') ? `${characters}${printable}${foreign}` : characters)),
  rfc3986: escapes(`${word}.~`),
  form: escapes(`${word}.*+`),
  hex: (language) => encoded(language, `abcdef${digits}`, (bytes) => 2 * bytes),
  base64: (language) => encoded(language, `${lower}${upper}${digits}+/=`, (bytes) => 4 * Math.ceil(bytes / 3)),
  base64url: (language) => encoded(language, word, (bytes) => Math.ceil((4 * bytes) / 3)),
  default: (language, { argument }) => [...language, exactly(argument)],
  before: (language, { argument }) => language.map((runs) => cutBefore(runs, argument)),
  truncate: (language, { argument }) => language.map((runs) => shortened(runs, Number(argument))),
};

// Ends where there must be what it ends before.
function cutBefore(runs: readonly Run[], end: string): readonly Run[] {
  if (end.length > 1) return runs;
  const without = runs.map((run) => ({ ...run, characters: run.characters.replace(end, '') }));
  const last = without.findIndex(({ characters }) => !characters);
  return last < 0 ? without : without.slice(0, last);
}

function shortened(runs: readonly Run[], length: number): readonly Run[] {
  let left = length;
  return runs.map(({ characters, min, max }) => {
    const run = { characters, min: Math.min(min, left), max: Math.min(max, left) };
    left -= run.min;
    return run;
  });
}

const keepsPieces = /^(?:sort|decode|rfc3986|form|default)$/;

/**
 * The texts that filters make of texts.
 *
 * @param field what the texts are of.
 */
export function applyFilter(language: Language, filters: readonly Filter[], field: string): Language {
  let structure = field;
  return filters.reduce((given, { name, argument = '' }) => {
    const size = digestSizes[name];
    const made = size ? [[some(any, size, size)]] : (changes[name]?.(given, { argument, structure }) ?? given);
    if (!keepsPieces.test(name)) structure = 'text';
    return made;
  }, language);
}

/** The only text of a language. */
export const literal = (text: string): Language => [exactly(text)];

/** Of which a filter makes something. */
export const anything: Language = [[some(any, 0)]];
