import type { Plan } from '../../schemes/define/plan/plan.ts';
import type { PlannedOptional, PlannedPart, PlannedTemplate } from '../../schemes/define/plan/template.ts';
import type { PlannedFilter, PlannedValue } from '../../schemes/define/plan/value.ts';
import type { Printer } from './printer.ts';
import { cannotSay } from './refuse.ts';

const sources: Readonly<Record<string, string>> = {
  method: 'r["method"]',
  scheme: 'r["scheme"]',
  authority: 'r["authority"]',
  host: 'host(r)',
  port: 'port(r)',
  path: 'path(r)',
  query: 'query(r)',
  target: 'r["target"]',
  url: 'full_url(r)',
  timestamp: 'r["timestamp"]',
  date: 'r["date"]',
  dateBasic: 'r["date"].replace(b"-", b"")',
  nonce: 'r["nonce"]',
  accessKey: 'r["access_key"]',
  sessionToken: 'r["session_token"]',
  challenge: 'r["challenge"]',
  body: 'r["body"]',
  signature: 'r["signature"]',
  signedHeaders: 'chosen_names(r)',
  signedHeaderLines: 'chosen_lines(r)',
  ignored: 'None',
};

/** Writes a literal of bytes. */
export const bytesLiteral = (text: string): string =>
  /^[\n\t -~]*$/.test(text) ? `b${JSON.stringify(text)}` : `${JSON.stringify(text)}.encode()`;

const isStructured = (kind: string): boolean => kind === 'path' || kind === 'query';

type Apply = (given: string, filter: Required<Omit<PlannedFilter, 'at'>>) => string;

const call =
  (name: string): Apply =>
  (given) =>
    `${name}(${given})`;
const onPieces =
  (name: string): Apply =>
  (given, { input }) =>
    isStructured(input) ? `each(${given}, ${name})` : `${name}(${given})`;
const unchanged: Apply = (given) => given;
const sorts: Readonly<Record<string, string>> = { '': 'sort_by_value', name: 'sort_by_name', text: 'sort_by_text' };

const filters: Readonly<Record<string, Apply>> = {
  ...Object.fromEntries(
    ['lower', 'upper', 'trim', 'collapse', 'sha256', 'sha384', 'sha512', 'sha1', 'md5'].map((name) => [
      name,
      call(name),
    ]),
  ),
  hex: call('hex_of'),
  base64: call('base64_of'),
  base64url: call('base64url_of'),
  decode: onPieces('decode'),
  rfc3986: onPieces('rfc3986'),
  form: onPieces('form'),
  sort: (given, { argument = '' }) => `${sorts[argument]}(${given})`,
  before: (given, { argument = '' }) => `before(${given}, ${bytesLiteral(argument)})`,
  truncate: (given, { argument, input }) =>
    `${input === 'bytes' ? 'truncate_bytes' : 'truncate'}(${given}, ${argument})`,
  default: unchanged,
  only: unchanged,
  list: unchanged,
};

function applyFilter(given: string, filter: PlannedFilter): string {
  const { name, input, output } = filter;
  const apply = filters[name] ?? cannotSay('python', `the filter ${name}`);
  return apply(isStructured(input) && !isStructured(output) ? `join_${input}(${given})` : given, filter);
}

/** The name of the function of a named template. */
export const nameOf = (field: string): string => field.toLowerCase().replace(/\W/g, '_');

type Parts = { readonly parts: readonly PlannedPart[] };

/** Creates a printer. All values of the program are bytes, or None if absent. */
export function createPrinter({ named }: Plan): Printer {
  function source({ field, named: isNamed, methods }: PlannedValue): string {
    const [, header] = /^header\.(.+)$/.exec(field) ?? [];
    const base = isNamed
      ? `${nameOf(field)}(r)`
      : header
        ? `header(r, ${JSON.stringify(header)})`
        : (sources[field] ?? cannotSay('python', `the field ${field}`));
    return methods ? `only(r, ${JSON.stringify(methods)}, ${base})` : base;
  }

  /** An expression that is true if a value is present. */
  function presence(value: PlannedValue): string {
    return value.named ? `has_${nameOf(value.field)}(r)` : `${source(value)} is not None`;
  }

  function whenAbsent(value: PlannedValue): string {
    const { field, fallback, absentable } = value;
    const base = source(value);
    if (fallback !== undefined) return `default(${base}, ${bytesLiteral(fallback)})`;
    if (value.named || !absentable.length) return base;
    const isNeeded = field.startsWith('header.') || field === 'challenge' || field === 'sessionToken';
    return isNeeded ? `needed(${base}, ${JSON.stringify(field.replace(/^header\./, ''))})` : `default(${base}, b"")`;
  }

  function value(planned: PlannedValue): string {
    const { filters, input } = planned;
    const start = whenAbsent(planned);
    if (!filters.length) return start;
    const split = isStructured(input) ? `split_${input}(${start})` : start;
    const made = filters.reduce(applyFilter, split);
    const last = filters.at(-1)?.output ?? input;
    return isStructured(last) ? `join_${last}(${made})` : made;
  }

  function part(planned: PlannedPart): string {
    if (planned.kind === 'text') return bytesLiteral(planned.text);
    if (planned.kind === 'value') return value(planned);
    return `(${template(planned)} if ${allPresent(planned)} else b"")`;
  }

  function template({ parts }: Parts): string {
    return parts.length ? parts.map(part).join(' + ') : 'b""';
  }

  /** A condition: all values that can be absent are present. */
  function allPresent({ parts }: Parts): string {
    const decisive = parts.flatMap((one) => (one.kind === 'value' && one.absentable.length ? [presence(one)] : []));
    return decisive.join(' and ') || 'True';
  }

  const presenceOf = ({ parts }: PlannedTemplate): string => {
    const [only, ...others] = parts;
    return allPresent(only?.kind === 'optional' && !others.length ? (only satisfies PlannedOptional) : { parts });
  };

  /** The functions of the named templates. */
  const namedFunctions = (): readonly string[] =>
    Object.entries(named).flatMap(([field, one]) => [
      `def ${nameOf(field)}(r):\n    return ${template(one)}`,
      ...(one.absentable.length ? [`def has_${nameOf(field)}(r):\n    return ${presenceOf(one)}`] : []),
    ]);

  return { template, lines, namedFunctions };

  /** A template as a function body, with one part on each line if it is long. */
  function lines({ parts }: Parts): string {
    const joined = template({ parts });
    if (joined.length < 90) return `return ${joined}`;
    return `return (\n        ${parts.map(part).join('\n        + ')}\n    )`;
  }
}
