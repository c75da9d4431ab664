import { utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { collapseAscii, compareBytes, lowerAscii, trimAscii, truncateText, upperAscii } from './ascii.ts';
import { digests } from './digests.ts';
import { base64, base64url, encodings } from './encodings.ts';

/** The segments of a path, or the names and values of a query. Filters change each piece, never the delimiters. */
export type Pieces = ReadonlyArray<readonly string[]>;
export type Made = string | Uint8Array | Pieces;
export type Kind = 'text' | 'bytes' | 'path' | 'query';

/** One step in the computation of a value. */
export type Step = {
  readonly kind: Kind;
  apply(value: Made): Made;
};

/** A filter that a template may apply to a field. */
export type FilterRule = {
  /** The argument after the colon. @default none allowed */
  readonly argument?: { readonly pattern: RegExp; readonly expected: string; readonly optional?: boolean };
  /** @returns the step, or a text that describes why the filter is not applicable. */
  step(kind: Kind, argument: string): Step | string;
};

/** Splits a path or query into pieces. */
export const splitPieces = (kind: Kind, text: string): Made => {
  if (kind === 'path') return text.split('/').map((segment) => [segment]);
  return text.split('&').map((pair) => {
    const end = pair.indexOf('=');
    return end < 0 ? [pair] : [pair.slice(0, end), pair.slice(end + 1)];
  });
};

/** Joins pieces into one text. Text and bytes are returned unchanged. */
export function joinPieces(kind: Kind, value: Made): string | Uint8Array {
  if (kind === 'text' || kind === 'bytes') return value as string | Uint8Array;
  return (value as Pieces).map((piece) => piece.join('=')).join(kind === 'path' ? '/' : '&');
}

const toBytes = (kind: Kind, value: Made): Uint8Array => {
  const whole = joinPieces(kind, value);
  return typeof whole === 'string' ? utf8(whole) : whole;
};

const onText = (change: (text: string) => string): FilterRule['step'] => {
  return (kind) =>
    kind === 'bytes'
      ? 'is for text, but this is bytes'
      : { kind: 'text', apply: (value) => change(joinPieces(kind, value) as string) };
};

const onPieces = (change: (text: string) => string): FilterRule['step'] => {
  return (kind) => {
    if (kind === 'bytes') return 'is for text, but this is bytes';
    if (kind === 'text') return { kind, apply: (value) => change(value as string) };
    return { kind, apply: (value) => (value as Pieces).map((piece) => piece.map(change)) };
  };
};

const encoding = (write: (bytes: Uint8Array) => string): FilterRule => ({
  step: (kind) => ({ kind: 'text', apply: (value) => write(toBytes(kind, value)) }),
});

/** RFC 3986: escapes the UTF-8 bytes of all but unreserved characters. */
export const rfc3986 = (text: string): string => (/^[\w.~-]*$/.test(text) ? text : escapeAll(text));

const escapeAll = (text: string): string =>
  encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (found) => escapes[found] ?? found,
  );

const escapes: Readonly<Record<string, string>> = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '*': '%2A' };

// As the URL Standard serialises application/x-www-form-urlencoded.
const form = (text: string): string => rfc3986(text).replace(/%20/g, '+').replace(/%2A/g, '*').replace(/~/g, '%7E');

function decode(text: string): string {
  // Most of thousands of tiny parameters need no work.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern must find
  if (!/[%\x00-\x1f\x7f]/.test(text)) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return fail('invalid_request', 'A value with the filter decode contains a % that begins no UTF-8 escape.');
  }
  // A line break would begin another line of the string to sign.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern must find
  if (/[\x00-\x1f\x7f]/.test(decoded))
    fail('invalid_request', 'A value with the filter decode contains a control character.');
  return decoded;
}

const byName = ([a = '']: readonly string[], [b = '']: readonly string[]): number => compareBytes(a, b);
const byNameAndValue = (a: readonly string[], b: readonly string[]): number =>
  byName(a, b) || compareBytes(a[1] ?? '', b[1] ?? '');
const byText = (a: readonly string[], b: readonly string[]): number => compareBytes(a.join('='), b.join('='));
const orders = { '': byNameAndValue, name: byName, text: byText } as const;

const sort: FilterRule = {
  argument: { pattern: /^(?:name|text)$/, expected: 'name or text', optional: true },
  step(kind, argument) {
    if (kind !== 'query') return 'is only for the query';
    const order = orders[argument as keyof typeof orders];
    return { kind, apply: (value) => [...(value as Pieces)].sort(order) };
  },
};

const truncate: FilterRule = {
  argument: { pattern: /^[1-9]\d{0,8}$/, expected: 'the number of characters or bytes to keep' },
  step: (kind, argument) => ({
    kind: kind === 'bytes' ? 'bytes' : 'text',
    apply(value) {
      const whole = joinPieces(kind, value);
      return typeof whole === 'string' ? truncateText(whole, Number(argument)) : whole.subarray(0, Number(argument));
    },
  }),
};

/** Cuts a text, or bytes, at the first occurrence of a text. */
const cut = (
  expected: string,
  keep: (at: number, length: number) => readonly [start: number, end?: number],
): FilterRule => ({
  argument: { pattern: /^[ -~]+$/, expected },
  step: (kind, argument) => ({
    kind: kind === 'bytes' ? 'bytes' : 'text',
    apply(value) {
      const whole = joinPieces(kind, value);
      return typeof whole === 'string'
        ? whole.slice(...keep(whole.indexOf(argument), argument.length))
        : whole.subarray(...keep(indexOfBytes(whole, utf8(argument)), argument.length));
    },
  }),
});

const indexOfBytes = (whole: Uint8Array, part: Uint8Array): number => {
  for (let at = whole.indexOf(part[0] ?? 0); at >= 0; at = whole.indexOf(part[0] ?? 0, at + 1)) {
    if (part.every((byte, i) => whole[at + i] === byte)) return at;
  }
  return -1;
};

/** Joins the values of a name that is repeated; the first one keeps its place. */
function mergeValues(pieces: Pieces, separator: string): Pieces {
  const merged = new Map<string, string[]>();
  for (const [name = '', ...values] of pieces) {
    const known = merged.get(name);
    // Copying the list for each of thousands of parameters takes quadratic time.
    if (known) known.push(...values);
    else merged.set(name, values);
  }
  return [...merged].map(([name, values]) => (values.length ? [name, values.join(separator)] : [name]));
}

const onQuery = (expected: string, change: (pieces: Pieces, argument: string) => Made, output: Kind): FilterRule => ({
  argument: { pattern: /^[ -~]*$/, expected },
  step: (kind, argument) =>
    kind === 'query' ? { kind: output, apply: (value) => change(value as Pieces, argument) } : 'is only for the query',
});

const lines: FilterRule = {
  step: (kind) =>
    kind === 'query' ? { kind: 'text', apply: (value) => writeLines(value as Pieces) } : 'is only for the query',
};

const writeLines = (pieces: Pieces): string => pieces.map(([name = '', ...values]) => writeLine(name, values)).join('');

function writeLine(name: string, values: readonly string[]): string {
  // The first colon ends the name.
  if (name.includes(':')) fail('invalid_request', 'A parameter whose name contains a colon cannot be signed.');
  return `\n${name}:${values.join('=')}`;
}

const length: FilterRule = {
  step: (kind) =>
    kind === 'bytes'
      ? { kind: 'text', apply: (value) => `${(value as Uint8Array).length}` }
      : 'is for bytes, but this is text',
};

// These have no step of their own: they decide whether a value is present, before it is computed.
const presence = (pattern: RegExp, expected: string, kinds: readonly Kind[]): FilterRule => ({
  argument: { pattern, expected },
  step: (kind) => (kinds.includes(kind) ? { kind, apply: (value) => value } : `is only for ${kinds.join(' and ')}`),
});

const rules: ReadonlyArray<readonly [name: string, rule: FilterRule]> = [
  ['lower', { step: onText(lowerAscii) }],
  ['upper', { step: onText(upperAscii) }],
  ['trim', { step: onText(trimAscii) }],
  ['collapse', { step: onText(collapseAscii) }],
  ['before', cut('the text at which the value ends', (at) => (at < 0 ? [0] : [0, at]))],
  ['after', cut('the text after which the value begins', (at, length) => (at < 0 ? [0, 0] : [at + length]))],
  ['truncate', truncate],
  ['sort', sort],
  ['merge', onQuery('the text between the values of one name', mergeValues, 'query')],
  [
    'join',
    onQuery(
      'the text between the parameters',
      (pieces, separator) => pieces.map((piece) => piece.join('=')).join(separator),
      'text',
    ),
  ],
  ['lines', lines],
  ['length', length],
  ['decode', { step: onPieces(decode) }],
  ['rfc3986', { step: onPieces(rfc3986) }],
  ['form', { step: onPieces(form) }],
  ['hex', encoding(encodings.hex.write)],
  ['base64', encoding(base64)],
  ['base64url', encoding(base64url)],
  ['default', presence(/^[ -~]*$/, 'the text to use instead', ['text', 'query'])],
  ['only', presence(/^[A-Z]+(?:,[A-Z]+)*$/, 'methods in upper case, separated by commas', ['bytes'])],
  ['list', { argument: { pattern: /^[ -~]+$/, expected: 'the separator' }, step: () => 'is only for {signature}' }],
];

const digestRules = [...digests].map(([name, { of }]): [string, FilterRule] => [
  name,
  { step: (kind) => ({ kind: 'bytes', apply: (value) => of(toBytes(kind, value)) }) },
]);

/** Every filter, by name. */
export const filterRules: ReadonlyMap<string, FilterRule> = new Map([...rules, ...digestRules]);
