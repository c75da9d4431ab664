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
  /** Whether a text may say more than `write` does. @default false */
  readonly loose?: boolean;
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
  [
    'fraction',
    {
      ...digits(3, (date) => date.getUTCMilliseconds(), 'millisecond'),
      pattern: '\\d{1,9}',
      value: (text) => Number(text.padEnd(3, '0').slice(0, 3)),
      loose: true,
    },
  ],
]);

/** The names of the fields of a pattern. */
export const timestampFields: readonly string[] = [...fields.keys()];

const patterns: Readonly<Record<string, string>> = {
  'iso-8601': '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}Z',
  'iso-8601-milliseconds': '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}.{SSS}Z',
  'iso-8601-fraction': '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}.{fraction}Z',
  'iso-8601-basic': '{YYYY}{MM}{DD}T{HH}{mm}{ss}Z',
  'imf-fixdate': '{ddd}, {DD} {MMM} {YYYY} {HH}:{mm}:{ss} GMT',
};

/** The names of all forms except patterns. */
export const timestampNames: readonly string[] = ['unix-seconds', 'unix-milliseconds', ...Object.keys(patterns)];

/** A part of a timestamp: a number since 1970, or the parts of a calendar date between texts. */
export type TimestampPart =
  | { readonly kind: 'unix'; readonly unit: 'seconds' | 'milliseconds' }
  | { readonly kind: 'text'; readonly text: string }
  /** For example `YYYY`. */
  | { readonly kind: 'calendar'; readonly field: string };

/**
 * Resolves the form of a timestamp.
 *
 * @throws SignatureError `invalid_configuration` for a pattern that does not determine a time.
 */
export function timestampParts(defined: DefinedTimestamp): readonly TimestampPart[] {
  if (defined === 'unix-seconds') return [{ kind: 'unix', unit: 'seconds' }];
  if (defined === 'unix-milliseconds') return [{ kind: 'unix', unit: 'milliseconds' }];
  return calendarParts(typeof defined === 'string' ? (patterns[defined] ?? '') : defined.pattern);
}

function calendarParts(template: string): readonly TimestampPart[] {
  const where = 'timestamp.pattern';
  const parts = parseTemplate(where, template).map((part): TimestampPart => {
    const place = { where, template, at: part.at };
    if (part.kind === 'text') {
      const unsupported = /[^ -~]/.exec(part.text);
      const at = part.at + (unsupported?.index ?? 0);
      if (unsupported) invalidDefinition({ ...place, at }, 'a timestamp cannot contain this character');
      return { kind: 'text', text: part.text };
    }
    if (part.kind === 'optional') return invalidDefinition(place, 'a timestamp cannot have optional parts');
    const { field } = part;
    const problem = `a timestamp has no field ${field}, only ${timestampFields.join(' ')}`;
    if (!fields.has(field)) return invalidDefinition(place, problem + didYouMean(field, timestampFields));
    if (part.filters.length) invalidDefinition(place, 'the fields of a timestamp take no filters');
    return { kind: 'calendar', field };
  });
  const fractions = parts.filter((part) => part.kind === 'calendar' && part.field === 'fraction');
  if (fractions.length > 1) {
    invalidDefinition(
      { where, template, at: 0 },
      'only one {fraction}: the end of one would be the beginning of another',
    );
  }
  const given = parts.map((part) => part.kind === 'calendar' && fields.get(part.field)?.gives?.part);
  for (const part of ['year', 'month', 'day', 'hour', 'minute'] as const) {
    if (!given.includes(part)) {
      invalidDefinition({ where, template, at: 0 }, `the pattern does not contain the ${part}`);
    }
  }
  return parts;
}

/** Creates the functions for timestamps of a form. */
export function timestampForm(parts: readonly TimestampPart[]): TimestampForm {
  const [first] = parts;
  if (first?.kind !== 'unix') return createCalendarForm(parts);
  return first.unit === 'seconds' ? createUnixForm(1000, 12) : createUnixForm(1, 15);
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

function createCalendarForm(planned: readonly TimestampPart[]): TimestampForm {
  const parts = planned.flatMap(
    (part): ReadonlyArray<string | Field> => (part.kind === 'text' ? [part.text] : findField(part)),
  );
  const used = parts.flatMap((part) => (typeof part === 'string' ? [] : [part]));
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
      const date = new Date(time);
      const isSame = used.every((field, i) => field.loose || field.write(date) === found[i + 1]);
      return isSame ? time : undefined;
    },
    pattern: buildPattern(({ pattern }) => pattern),
    characters: `\\dA-Za-z${[...new Set(parts.filter((part) => typeof part === 'string').join(''))].map(literal).join('')}`,
    fixed: !used.some(({ loose }) => loose),
  };
}

const findField = (part: TimestampPart): readonly Field[] => {
  const field = part.kind === 'calendar' ? fields.get(part.field) : undefined;
  return field ? [field] : [];
};
