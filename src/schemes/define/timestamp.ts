import type { DefinedTimestamp } from './definition.ts';
import { didYouMean, invalidDefinition } from './invalid-definition.ts';
import { parseTemplate } from './template.ts';

/** Writes a time, and reads it strictly. */
export type TimestampForm = {
  /** @param time in milliseconds since the epoch. */
  write(time: number): string;
  /** @returns milliseconds since the epoch; undefined for a text that `write` never produces, such as the 30th of February. */
  read(text: string): number | undefined;
  readonly pattern: string;
  /** The characters in use, in the syntax of a character class. */
  readonly characters: string;
  /** Whether every timestamp has the same length. */
  readonly fixed: boolean;
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());

type Field = {
  readonly pattern: string;
  write(date: Date): string;
  /** The part of a date that the text determines. */
  readonly gives?: { readonly part: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond' };
  value?(text: string): number;
};

const digits = (width: number, of: (date: Date) => number, part: NonNullable<Field['gives']>['part']): Field => ({
  pattern: `\\d{${width}}`,
  write: (date) => `${of(date)}`.padStart(width, '0'),
  gives: { part },
});

const monthName = (names: readonly string[]): Field => ({
  pattern: `(?:${names.join('|')})`,
  write: (date) => names[date.getUTCMonth()] ?? '',
  gives: { part: 'month' },
  value: (text) => names.indexOf(text) + 1,
});

const fields: ReadonlyMap<string, Field> = new Map([
  ['YYYY', digits(4, (date) => date.getUTCFullYear(), 'year')],
  ['MM', digits(2, (date) => date.getUTCMonth() + 1, 'month')],
  ['MMM', monthName(months)],
  ['mmm', monthName(lower(months))],
  ['DD', digits(2, (date) => date.getUTCDate(), 'day')],
  ['ddd', { pattern: `(?:${weekdays.join('|')})`, write: (date) => weekdays[date.getUTCDay()] ?? '' }],
  ['HH', digits(2, (date) => date.getUTCHours(), 'hour')],
  ['mm', digits(2, (date) => date.getUTCMinutes(), 'minute')],
  ['ss', digits(2, (date) => date.getUTCSeconds(), 'second')],
  ['SSS', digits(3, (date) => date.getUTCMilliseconds(), 'millisecond')],
]);

/** The names of the fields of a pattern. */
export const timestampFields: readonly string[] = [...fields.keys()];

const patterns: Readonly<Record<string, string>> = {
  'iso-8601': '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}Z',
  'iso-8601-milliseconds': '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}.{SSS}Z',
  'iso-8601-basic': '{YYYY}{MM}{DD}T{HH}{mm}{ss}Z',
  'imf-fixdate': '{ddd}, {DD} {MMM} {YYYY} {HH}:{mm}:{ss} GMT',
};

/** The names of all forms except patterns. */
export const timestampNames: readonly string[] = ['unix-seconds', 'unix-milliseconds', ...Object.keys(patterns)];

/**
 * @throws SignatureError `invalid_configuration` for a pattern that does not determine a time.
 */
export function timestampForm(defined: DefinedTimestamp): TimestampForm {
  if (defined === 'unix-seconds') return createUnixForm(1000, 12);
  if (defined === 'unix-milliseconds') return createUnixForm(1, 15);
  return createCalendarForm(typeof defined === 'string' ? (patterns[defined] ?? '') : defined.pattern);
}

function createUnixForm(unit: number, length: number): TimestampForm {
  // No leading zeros, so that each time has one spelling.
  const exact = new RegExp(`^(?:0|[1-9]\\d{0,${length - 1}})$`);
  return {
    write: (time) => `${Math.floor(time / unit)}`,
    read: (text) => (exact.test(text) ? Number(text) * unit : undefined),
    pattern: `\\d{1,${length}}`,
    characters: '\\d',
    fixed: false,
  };
}

function createCalendarForm(template: string): TimestampForm {
  const where = 'timestamp.pattern';
  const parts = parseTemplate(where, template).map((part) => {
    const place = { where, template, at: part.at };
    if (part.kind === 'text') return part.text;
    if (part.kind === 'optional') return invalidDefinition(place, 'a timestamp cannot have optional parts');
    const known = fields.get(part.field);
    const problem = `a timestamp has no field ${part.field}, only ${timestampFields.join(' ')}`;
    if (!known) return invalidDefinition(place, problem + didYouMean(part.field, timestampFields));
    if (part.filters.length) invalidDefinition(place, 'the fields of a timestamp take no filters');
    return known;
  });
  const used = parts.flatMap((part) => (typeof part === 'string' ? [] : [part]));
  const given = used.map(({ gives }) => gives?.part);
  for (const part of ['year', 'month', 'day', 'hour', 'minute'] as const) {
    if (!given.includes(part))
      invalidDefinition({ where, template, at: 0 }, `the pattern does not contain the ${part}`);
  }
  const literal = (text: string) => text.replace(/[^\w ]/g, '\\$&');
  const buildPattern = (group: (field: Field) => string) =>
    parts.map((part) => (typeof part === 'string' ? literal(part) : group(part))).join('');
  const exact = new RegExp(`^${buildPattern(({ pattern }) => `(${pattern})`)}$`);
  const write = (time: number) => {
    const date = new Date(time);
    return parts.map((part) => (typeof part === 'string' ? part : part.write(date))).join('');
  };
  return {
    write,
    read(text) {
      const found = exact.exec(text);
      if (!found) return undefined;
      const parts = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 };
      for (const [i, { gives, value = Number }] of used.entries()) {
        if (gives) parts[gives.part] = value(found[i + 1] ?? '');
      }
      const { year, month, day, hour, minute, second, millisecond } = parts;
      const time = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
      // Rejects impossible dates, such as the 30th of February (which would be the 2nd of March), and wrong weekdays.
      return write(time) === text ? time : undefined;
    },
    pattern: buildPattern(({ pattern }) => pattern),
    characters: `\\dA-Za-z${[...new Set(parts.filter((part) => typeof part === 'string').join(''))].map(literal).join('')}`,
    fixed: true,
  };
}
