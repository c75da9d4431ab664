import { secretPlaceholder } from '../../schemes/define/keyed-hash.ts';
import type { Plan } from '../../schemes/define/plan/plan.ts';
import type { PlannedPart } from '../../schemes/define/plan/template.ts';
import type { PlannedFilter, PlannedValue } from '../../schemes/define/plan/value.ts';
import { uniqueNames } from './names.ts';
import type { Printer } from './printer.ts';
import { cannotSay } from './refuse.ts';

const sources: Readonly<Record<string, string>> = {
  method: 'put "$r_method"',
  scheme: 'put "$r_scheme"',
  authority: 'put "$r_authority"',
  host: 'host',
  port: 'port',
  path: 'path',
  query: 'query',
  target: 'put "$r_target"',
  url: 'put "$r_scheme://$r_authority$r_target"',
  timestamp: 'put "$r_timestamp"',
  date: 'calendar "$r_time" %F | tr -d \'\\n\'',
  dateBasic: 'calendar "$r_time" %Y%m%d | tr -d \'\\n\'',
  nonce: 'put "$r_nonce"',
  accessKey: 'put "$COUNTERSIGN_ACCESS_KEY"',
  challenge: 'put "$r_challenge"',
  body: 'cat "$r_body"',
  signature: 'put "$r_signature"',
  signedHeaderLines: 'chosen_lines',
  ignored: 'true',
  secret: `put '${secretPlaceholder}'`,
};

const conditions: Readonly<Record<string, string>> = {
  query: 'has_query',
  body: '[[ -s $r_body ]]',
  challenge: '[[ -n $r_challenge ]]',
  signedHeaders: '[[ -n $r_names ]]',
  signedHeaderLines: '[[ -n $r_names ]]',
  ignored: 'false',
};

const isStructured = (kind: string): boolean => kind === 'path' || kind === 'query';
const sorts: Readonly<Record<string, string>> = { '': 'sort_by_value', name: 'sort_by_name', text: 'sort_by_text' };

/** Quotes a text as one word. */
export const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

type Write = (filter: PlannedFilter) => string;

const filters: Readonly<Record<string, Write>> = {
  ...Object.fromEntries(
    [
      ...['lower', 'upper', 'trim', 'collapse', 'decode', 'rfc3986', 'form', 'hex'],
      ...['sha256', 'sha384', 'sha512', 'sha1', 'md5'],
    ].map((name) => [name, () => name]),
  ),
  base64: () => 'base64_of',
  base64url: () => 'base64url_of',
  sort: ({ argument = '' }) => sorts[argument] ?? '',
  after: ({ argument = '', input }) =>
    input === 'bytes' ? cannotSay('bash', 'the filter after of bytes') : `from_after ${word(argument)}`,
  merge: ({ argument = '' }) => `merge_values ${word(argument)}`,
  join: ({ argument = '' }) => `join_pairs ${word(argument)}`,
  before: ({ argument = '', input }) =>
    input === 'bytes' ? cannotSay('bash', 'the filter before of bytes') : `before ${word(argument)}`,
  truncate: ({ argument, input }) => `${input === 'bytes' ? 'truncate_bytes' : 'truncate_text'} ${argument}`,
};

const isPresence = ({ name }: PlannedFilter): boolean => name === 'default' || name === 'only' || name === 'list';

/** Creates a printer. Each value is a command that writes it to standard output, and filters are pipes. */
export function createBashPrinter({ named, separator = '' }: Plan): Printer {
  const names = uniqueNames(Object.keys(named));
  const nameOf = (field: string) => names.get(field) ?? '';

  function source({ field, named: isNamed }: PlannedValue): string {
    const [, header] = /^header\.(.+)$/.exec(field) ?? [];
    if (isNamed) return nameOf(field);
    if (header) return `header ${word(header)}`;
    if (field === 'signedHeaders') return `chosen_names ${word(separator)}`;
    return sources[field] ?? cannotSay('bash', `the field ${field}`);
  }

  function presence({ field, named: isNamed, methods }: PlannedValue): string {
    const [, header] = /^header\.(.+)$/.exec(field) ?? [];
    if (isNamed) return `has_${nameOf(field)}`;
    const base = header ? `header ${word(header)} >/dev/null` : (conditions[field] ?? 'true');
    return methods ? `[[ ,${methods.join(',')}, == *,$r_method,* ]] && ${base}` : base;
  }

  function start(value: PlannedValue): string {
    const { fallback, methods } = value;
    if (fallback !== undefined) return `if ${presence(value)}; then ${source(value)}; else put ${word(fallback)}; fi`;
    return methods ? `if ${presence(value)}; then ${source(value)}; fi` : source(value);
  }

  function pipe(value: PlannedValue): string {
    const { input } = value;
    const applied = value.filters.filter((one) => !isPresence(one));
    const last = applied.at(-1)?.output ?? input;
    const stages = [
      start(value),
      ...(isStructured(input) && applied.length ? [`split_${input}`] : []),
      ...applied.flatMap((one) => [
        ...(isStructured(one.input) && !isStructured(one.output) && one.name !== 'join' ? [`join_${one.input}`] : []),
        (filters[one.name] ?? cannotSay('bash', `the filter ${one.name}`))(one),
      ]),
      ...(isStructured(last) && applied.length ? [`join_${last}`] : []),
    ];
    return stages.join(' | ');
  }

  function part(planned: PlannedPart): string {
    if (planned.kind === 'text') return `put ${word(planned.text)}`;
    if (planned.kind === 'value') return pipe(planned);
    return `if ${allPresent(planned)}; then ${template(planned)}; fi`;
  }

  const template: Printer['template'] = ({ parts }) => parts.map(part).join(' && ') || 'true';
  const lines: Printer['lines'] = ({ parts }) => parts.map(part).join(' &&\n    ') || 'true';

  function allPresent({ parts }: { readonly parts: readonly PlannedPart[] }): string {
    const decisive = parts.flatMap((one) => (one.kind === 'value' && one.absentable.length ? [presence(one)] : []));
    return decisive.join(' && ') || 'true';
  }

  return {
    template,
    lines,
    namedFunctions: () =>
      Object.entries(named).flatMap(([field, { parts, absentable }]) => {
        const [only, ...others] = parts;
        const decisive = only?.kind === 'optional' && !others.length ? only : { parts };
        return [
          `${nameOf(field)}() {\n  ${template({ parts })}\n}`,
          ...(absentable.length ? [`has_${nameOf(field)}() {\n  ${allPresent(decisive)}\n}`] : []),
        ];
      }),
  };
}
