import { isAuthority } from '../../../core/address.ts';
import { collapseAscii, lowerAscii, upperAscii } from '../ascii.ts';
import type { NonceForm } from '../definition.ts';
import type { Plan } from '../plan/plan.ts';
import type { Filter } from '../template.ts';

/** A run of characters from a set, with its minimum and maximum length. */
export type Run = { readonly characters: string; readonly min: number; readonly max: number };

/** The set of texts that a value can have: alternatives, each a sequence of runs. */
export type Language = ReadonlyArray<readonly Run[]>;

// In the order in which examples prefer them.
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '1234567890';
const word = `${lower}${upper}${digits}_-`;
// URIs consist of these marks and the word characters, RFC 3986 section 2, beside "#", "?" and "/". Parsers accept some more.
const marks = `=&.,;:~!$'()*+%@[]|^"<>\\\`{}`;
// Stands for all non-ASCII characters.
const nonAscii = '\u00e9';
const uri = `${word}${marks}/`;
const printable = `${uri}?# `;
const segment = `${uri}${nonAscii}`;
const visible = printable.slice(0, -1);
const codes = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('');
const any = `${printable}${codes}\u007f${nonAscii}`;

const createRun = (characters: string, min: number, max: number = Number.POSITIVE_INFINITY): Run => ({
  characters,
  min,
  max,
});
// Private characters are those with which the search for ambiguities marks segments.
const exactly = (text: string): readonly Run[] =>
  [...text.replace(/[\ue000-\uf8ff]/g, nonAscii)].map((character) => createRun(character, 1, 1));

// A token in lower case, RFC 9110 section 5.6.2.
const fieldName = `${lower}${digits}-_.!#$%&'*+^\`|~`;
// What a verifier takes for a host and port.
const host = createRun([...`${lower}${digits}.-:[]${marks}_`].filter(isAuthority).join(''), 1);
const path = [createRun('/', 1, 1), createRun(segment, 0)];
const target = [path, [...path, createRun('?', 1, 1), createRun(`${segment}?`, 1)]];
const url = ['http', 'https'].flatMap((scheme) => target.map((rest) => [...exactly(`${scheme}://`), host, ...rest]));

const fields: Readonly<Record<string, Language>> = {
  // A token in upper case, RFC 9110 section 5.6.2.
  method: [[createRun(`${upper}${digits}-.!#$%&'*+^_\`|~`, 1)]],
  scheme: [exactly('http'), exactly('https')],
  authority: [[host]],
  host: [[host]],
  port: [[createRun(digits, 1, 5)]],
  path: [path],
  query: [[createRun(`${segment}?`, 0)]],
  target,
  url,
  body: [[createRun(any, 0)]],
  date: [[createRun(digits, 4, 4), ...exactly('-'), createRun(digits, 2, 2), ...exactly('-'), createRun(digits, 2, 2)]],
  dateBasic: [[createRun(digits, 8, 8)]],
  challenge: [[createRun(`${word}.~`, 1)]],
  sessionToken: [[createRun(`${word}.~+/=`, 1)]],
  name: [[createRun(fieldName, 1)]],
  // The search marks it, and needs no texts of it.
  secret: [[]],
};

// Without surrounding whitespace, RFC 9110 section 5.5.
const headerValue: Language = [
  [],
  [createRun(visible, 1, 1)],
  [createRun(visible, 1, 1), createRun(`${printable}\t`, 0), createRun(visible, 1, 1)],
];

/** Assumptions about values that a caller does not choose. */
export type Assumptions = {
  /**
   * The access key, which is fixed, because another one has another secret. Then timestamps have the length of today's, because all
   * others are stale. Undefined for no assumption about either.
   */
  readonly accessKey: string | undefined;
};

/** Access keys to assume. The values beside one may consist of digits only, or of letters in one case. */
export const accessKeys: readonly string[] = ['key1', '1', 'a', 'A'];

/** Returns the texts of a field that a verifier accepts. Header values may be any printable text. */
export function languageOfField(name: string, plan: Plan, { accessKey }: Assumptions): Language {
  const isFixed = accessKey !== undefined;
  if (name === 'accessKey') return isFixed ? [exactly(accessKey)] : [[createRun(`${word}.~`, 1)]];
  if (name === 'timestamp') return isFixed ? fixedTimestamp(plan) : anyTimestamp(plan);
  if (name === 'nonce') return [nonceRuns(plan)];
  if (name === 'signedHeaders') return [[createRun(`${fieldName}${plan.separator ?? ''}`, 0)]];
  return fields[name] ?? headerValue;
}

const fixedTimestamp = ({ timestamp }: Plan): Language => [
  timestamp.flatMap((part) => {
    if (part.kind === 'unix') return fromShape(part.unit === 'seconds' ? '9999999999' : '9999999999999');
    if (part.kind === 'text') return exactly(part.text);
    if (part.field === 'fraction') return [createRun(digits, 1, 9)];
    return fromShape(/m{3}|d{3}/i.test(part.field) ? 'aaa' : '9'.repeat(part.field.length));
  }),
];

const anyTimestamp = (plan: Plan): Language =>
  plan.timestamp[0]?.kind === 'unix' ? [[createRun('123456789', 1, 1), createRun(digits, 0)]] : fixedTimestamp(plan);

// In a shape, 9 stands for any digit and a for any letter.
const fromShape = (shape: string): readonly Run[] =>
  [...shape].map((sign) => createRun(sign === '9' ? digits : lower + upper, 1, 1));

const nonceCharacters: Readonly<Record<NonceForm, string>> = {
  base64url: word,
  hex: `abcdef${digits}`,
  digits,
  uuid: `abcdef${digits}-`,
};

function nonceRuns({ nonce: { form, min, max } }: Plan): readonly Run[] {
  return form === 'uuid' ? [createRun(nonceCharacters.uuid, 36, 36)] : [createRun(nonceCharacters[form], min, max)];
}

const digestSizes: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64, sha1: 20, md5: 16 };

const mapRuns = (language: Language, change: (run: Run) => Run): Language => language.map((runs) => runs.map(change));
const mapCharacters = (language: Language, change: (characters: string) => string): Language =>
  mapRuns(language, ({ characters, ...run }) => ({ ...run, characters: [...new Set(change(characters))].join('') }));

// The texts of encoded bytes. Those of a digest have one length.
function encodeBytes(language: Language, characters: string, length: (bytes: number) => number): Language {
  const shortest = Math.min(...language.map((runs) => runs.reduce((sum, { min }) => sum + min, 0)));
  const longest = Math.max(...language.map((runs) => runs.reduce((sum, { max }) => sum + max, 0)));
  return [[createRun(characters, length(shortest), length(longest))]];
}

const delimiters: Readonly<Record<string, string>> = { path: '/', query: '=&' };

const escapes =
  (kept: string): Change =>
  (language, { structure }) =>
    mapCharacters(language, (characters) => {
      const left = [...characters].filter((character) => (kept + delimiters[structure]).includes(character)).join('');
      return left === characters ? left : `${left}%ABCDEF${digits}`;
    });

type Given = {
  readonly argument: string;
  /** `path` or `query` while the value is in pieces, whose delimiters no filter changes; then `text`. */
  readonly structure: string;
};

type Change = (language: Language, given: Given) => Language;

// Other filters (trim, sort) add no new texts.
const changes: Readonly<Record<string, Change>> = {
  lower: (language) => mapCharacters(language, lowerAscii),
  upper: (language) => mapCharacters(language, upperAscii),
  collapse: (language) => mapCharacters(language, collapseAscii),
  // Decoding refuses control characters.
  decode: (language) =>
    mapCharacters(language, (characters) =>
      characters.includes('%') ? `${characters}${printable}${nonAscii}` : characters,
    ),
  rfc3986: escapes(`${word}.~`),
  form: escapes(`${word}.*+`),
  hex: (language) => encodeBytes(language, `abcdef${digits}`, (bytes) => 2 * bytes),
  base64: (language) => encodeBytes(language, `${lower}${upper}${digits}+/=`, (bytes) => 4 * Math.ceil(bytes / 3)),
  base64url: (language) => encodeBytes(language, word, (bytes) => Math.ceil((4 * bytes) / 3)),
  default: (language, { argument }) => [...language, exactly(argument)],
  after: (language) => loosen(language),
  merge: (language, { argument }) => loosen(language, argument),
  join: (language, { argument }) => loosen(language, argument),
  lines: (language) => [[createRun('\n', 1, 1), ...(loosen(language, '\n:')[0] ?? [])]],
  length: () => [[createRun(digits, 1)]],
  before: (language, { argument }) => language.flatMap((runs) => cutBefore(runs, argument)),
  truncate: (language, { argument }) => language.flatMap((runs) => truncateRuns(runs, Number(argument))),
};

// Any number of the characters that occur.
const loosen = (language: Language, added = ''): Language => [
  [createRun([...new Set(language.flatMap((runs) => runs.map((run) => run.characters)).join('') + added)].join(''), 0)],
];

// A text may end in every run that has the beginning of the end mark. It cannot go on after a run of nothing but the mark.
function cutBefore(runs: readonly Run[], end: string): Language {
  const first = end[0] ?? '';
  const kept = runs.map((run) => (end.length > 1 ? run : { ...run, characters: run.characters.replace(end, '') }));
  const last = kept.findIndex(({ characters }) => !characters);
  const alternatives = runs.flatMap(({ characters }, i) => {
    const run = kept[i];
    if (!run || !characters.includes(first) || (last >= 0 && i > last)) return [];
    return [[...kept.slice(0, i), ...(run.characters ? [{ ...run, min: 0 }] : [])]];
  });
  return last < 0 ? [kept, ...alternatives] : alternatives;
}

// A text may be cut in every run that can reach the length.
function truncateRuns(runs: readonly Run[], length: number): Language {
  const alternatives: Array<readonly Run[]> = [];
  const before: Run[] = [];
  let shortest = 0;
  let longest = 0;
  for (const { characters, min, max } of runs) {
    const most = length - shortest;
    if (longest + max > length) {
      alternatives.push([...before, { characters, min: Math.max(0, length - longest), max: most }]);
    }
    if (min > most) return alternatives;
    before.push({ characters, min, max: Math.min(max, most) });
    shortest += min;
    longest += max;
  }
  return [before, ...alternatives];
}

const keepsPieces = /^(?:sort|merge|decode|rfc3986|form|default)$/;

// These make a text of a default shorter, longer or another one. The runs of fields are long enough for what they make.
const changesLength = /^(?:sort|decode|rfc3986|form|trim|collapse)$/;
const loosenText = (runs: readonly Run[]): readonly Run[] =>
  runs.length && runs.every(({ characters, max }) => characters.length === 1 && max === 1)
    ? [createRun(`${printable}${nonAscii}`, 0)]
    : runs;

/**
 * Returns the texts that filters produce.
 *
 * @param field the field of the value.
 */
export function applyFilter(language: Language, filters: readonly Filter[], field: string): Language {
  let structure = field;
  return filters.reduce((given, { name, argument = '' }) => {
    const size = digestSizes[name];
    const known = changesLength.test(name) ? given.map(loosenText) : given;
    const made = size ? [[createRun(any, size, size)]] : (changes[name]?.(known, { argument, structure }) ?? known);
    if (!keepsPieces.test(name)) structure = 'text';
    return made;
  }, language);
}

/** Whether one of the texts is empty. */
export const canBeEmpty = (language: Language): boolean => language.some((runs) => runs.every(({ min }) => min === 0));

/** Returns the language of a single text. */
export const literal = (text: string): Language => [exactly(text)];

/** All texts, for a value that filters transform. */
export const anything: Language = [[createRun(any, 0)]];
