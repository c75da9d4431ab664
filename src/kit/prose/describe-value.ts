import { fail } from '../../core/errors.ts';
import type { PlannedFilter, PlannedValue } from '../../schemes/define/plan/value.ts';

const fields: Readonly<Record<string, string>> = {
  method: 'the method in upper case',
  scheme: '`http` or `https`',
  authority: 'the host in lower case, with `:port` unless the port is the default',
  host: 'the host in lower case, without the port',
  port: 'the port, also if it is the default',
  path: 'the path as sent',
  query: 'the query as sent, without `?`',
  target: 'path and query as sent',
  url: 'the URL as sent, without fragment',
  timestamp: 'the time',
  date: 'the date of the time in UTC, such as `2026-11-22`',
  dateBasic: 'the date of the time in UTC, such as `20261122`',
  nonce: 'the nonce',
  accessKey: 'the access key',
  sessionToken: 'the session token',
  challenge: "the server's challenge",
  body: 'the body',
  secret: '`{secret}`, the place of the secret',
  signedHeaders: 'the names of the chosen headers',
  signedHeaderLines: 'the lines of the chosen headers',
  signature: 'the signature',
  ignored: 'any text',
};

const units = ({ input }: PlannedFilter): string =>
  input === 'path' ? 'each segment' : input === 'query' ? 'each name and each value' : 'the whole';

const orders: Readonly<Record<string, string>> = {
  '': 'by name, then by value',
  name: 'by name; those of one name keep their order',
  text: 'by `name=value` as a whole',
};

type Say = (before: string, filter: PlannedFilter) => string;

const hash =
  (name: string): Say =>
  (before) =>
    `the ${name} of ${before}`;

const filters: Readonly<Record<string, Say>> = {
  lower: (before) => `${before}, ASCII letters in lower case`,
  upper: (before) => `${before}, ASCII letters in upper case`,
  trim: (before) => `${before}, without blanks at both ends`,
  collapse: (before) => `${before}, each run of blanks as one space`,
  before: (before, { argument }) => `${before}, up to the first \`${argument}\``,
  after: (before, { argument }) => `${before}, after the first \`${argument}\``,
  truncate: (before, { argument, input }) =>
    `the first ${argument} ${input === 'bytes' ? 'bytes' : 'characters'} of ${before}`,
  sort: (before, { argument = '' }) => `${before}, its parameters sorted ${orders[argument]}, by their bytes in UTF-8`,
  merge: (before, { argument = '' }) =>
    `${before}, the values of a repeated name joined by ${argument ? `\`${argument}\`` : 'nothing'} at its first place`,
  join: (before, { argument = '' }) =>
    `${before}, as \`name=value\` each with ${argument ? `\`${argument}\`` : 'nothing'} between`,
  lines: (before) => `${before}, each as a line feed, its name, \`:\` and its value`,
  length: (before) => `the number of bytes of ${before}, in decimal`,
  decode: (before, filter) => `${before}, ${units(filter)} percent-decoded (\`+\` stays)`,
  rfc3986: (before, filter) => `${before}, ${units(filter)} percent-encoded except \`A-Z a-z 0-9 - . _ ~\``,
  form: (before, filter) => `${before}, ${units(filter)} encoded as in HTML forms`,
  hex: (before) => `${before}, in hex`,
  base64: (before) => `${before}, in base64`,
  base64url: (before) => `${before}, in base64url without padding`,
  default: (before, { argument }) => `${before}, or ${argument ? `\`${argument}\`` : 'nothing'} if there is none`,
  only: (before, { argument = '' }) => `${before} of ${argument.split(',').join(' and ')} requests`,
  list: (before) => before,
  sha256: hash('SHA-256'),
  sha384: hash('SHA-384'),
  sha512: hash('SHA-512'),
  sha1: hash('SHA-1'),
  md5: hash('MD5'),
};

/**
 * Describes a value in words.
 *
 * @throws SignatureError `invalid_configuration` for a field or filter that has no words.
 */
export function describeValue({ field, filters: applied, output }: PlannedValue): string {
  const isHashed = applied.some(({ name }) => /^(?:sha|md5)/.test(name));
  const described = applied.reduce((before, filter) => {
    const say =
      filters[filter.name] ?? fail('invalid_configuration', `There are no words for the filter ${filter.name}.`);
    return say(before, filter);
  }, describeField(field));
  return output === 'bytes' && isHashed ? `${described}, as bytes` : described;
}

/** Describes a field in words. */
export function describeField(field: string): string {
  const [, group, name] = /^(header|value)\.(.+)$/.exec(field) ?? [];
  if (group === 'header') return `the value of the header \`${name}\``;
  if (group === 'value') return `*${name}*`;
  return fields[field] ?? fail('invalid_configuration', `There are no words for the field ${field}.`);
}
