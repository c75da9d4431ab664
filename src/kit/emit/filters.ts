import type { PlannedFilter } from '../../schemes/define/plan/value.ts';
import type { Dialect } from './dialect.ts';
import { cannotSay } from './refuse.ts';

/** Whether a value of this kind is split into pieces before its first filter. */
export const isStructured = (kind: string): boolean => kind === 'path' || kind === 'query';

/** Whether a filter leaves a value that is present as it is. */
export const isUnchanging = ({ name }: Pick<PlannedFilter, 'name'>): boolean => /^(?:default|only|list)$/.test(name);

type Write = (given: string, filter: Required<Omit<PlannedFilter, 'at'>>, dialect: Dialect) => string;

const byCall =
  (name: string): Write =>
  (given, _, { call }) =>
    call(name, [given]);

/** On each piece of a path or query, or on a whole text. */
const byPiece =
  (name: string): Write =>
  (given, { input }, { call, reference }) =>
    isStructured(input) ? call('each_piece', [given, reference(name)]) : call(name, [given]);

const sorts: Readonly<Record<string, string>> = { '': 'sort_by_value', name: 'sort_by_name', text: 'sort_by_text' };

const writers: Readonly<Record<string, Write>> = {
  ...Object.fromEntries(['sha256', 'sha384', 'sha512', 'sha1', 'md5'].map((name) => [name, byCall(`${name}_of`)])),
  lower: byCall('lower_ascii'),
  upper: byCall('upper_ascii'),
  trim: byCall('trim_ascii'),
  collapse: byCall('collapse_ascii'),
  hex: byCall('hex_of'),
  base64: byCall('base64_of'),
  base64url: byCall('base64url_of'),
  decode: byPiece('percent_decode'),
  rfc3986: byPiece('rfc3986'),
  form: byPiece('form_encode'),
  sort: (given, { argument }, { call }) => call(sorts[argument ?? ''] ?? '', [given]),
  before: (given, { argument }, { call, literal }) => call('up_to', [given, literal(argument ?? '')]),
  after: (given, { argument }, { call, literal }) => call('from_after', [given, literal(argument ?? '')]),
  merge: (given, { argument }, { call, literal }) => call('merge_values', [given, literal(argument ?? '')]),
  join: (given, { argument }, { call, literal }) => call('join_pairs', [given, literal(argument ?? '')]),
  truncate: (given, { argument, input }, { call }) =>
    call(input === 'bytes' ? 'truncate_bytes' : 'truncate_text', [given, argument ?? '']),
};

/**
 * Writes a filter of a value.
 *
 * @throws SignatureError `invalid_configuration` for a filter that the clients do not have.
 */
export function writeFilter(given: string, filter: PlannedFilter, dialect: Dialect): string {
  const { name, input, output } = filter;
  if (isUnchanging(filter)) return given;
  const write = writers[name] ?? cannotSay(dialect.language, `the filter ${name}`);
  // The filter join writes the pieces itself.
  const isJoined = isStructured(input) && !isStructured(output) && name !== 'join';
  return write(isJoined ? dialect.call(`join_${input}`, [given]) : given, filter, dialect);
}
