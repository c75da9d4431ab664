import { secretPlaceholder } from '../../schemes/define/keyed-hash.ts';
import type { Plan } from '../../schemes/define/plan/plan.ts';
import type { PlannedPart, PlannedTemplate } from '../../schemes/define/plan/template.ts';
import type { PlannedValue } from '../../schemes/define/plan/value.ts';
import type { Dialect, WrittenFunction } from './dialect.ts';
import { isStructured, isUnchanging, writeFilter } from './filters.ts';
import { uniqueNames } from './names.ts';
import { cannotSay } from './refuse.ts';

type Parts = { readonly parts: readonly PlannedPart[] };

/** Writes the templates of a plan in a language. */
export type ValuePrinter = {
  /** An expression for a template. */
  template(planned: Parts): string;
  /** The functions of the named templates. */
  readonly namedFunctions: readonly WrittenFunction[];
};

/** Creates a printer of values in a dialect. */
export function createValuePrinter({ named, separator = '' }: Plan, dialect: Dialect): ValuePrinter {
  const { literal, word, call, field: own, variable, join, isPresent } = dialect;
  const r = variable('r');
  const functionNames = uniqueNames(Object.keys(named));

  const date = (between: string) => call('date_of', [own('time'), literal(between)]);

  function source({ field, named: isNamed, methods }: PlannedValue): string {
    const [, header] = /^header\.(.+)$/.exec(field) ?? [];
    const base = isNamed
      ? call(functionNames.get(field) ?? '', [r])
      : header
        ? call('header_value', [r, word(header)])
        : (fields[field]?.() ?? cannotSay(dialect.language, `the field ${field}`));
    return methods ? call('only_for', [r, dialect.words(methods), base]) : base;
  }

  const computed = (name: string) => () => call(name, [r]);
  const fields: Readonly<Record<string, () => string>> = {
    ...Object.fromEntries(
      ['method', 'scheme', 'authority', 'target', 'timestamp', 'nonce', 'challenge', 'body', 'signature'].map(
        (name) => [name, () => own(name)],
      ),
    ),
    accessKey: () => own('access_key'),
    sessionToken: () => own('session_token'),
    host: computed('host_of'),
    port: computed('port_of'),
    path: computed('path_of'),
    query: computed('query_of'),
    url: computed('url_of'),
    date: () => date('-'),
    dateBasic: () => date(''),
    signedHeaders: () => call('chosen_names', [r, literal(separator)]),
    signedHeaderLines: computed('chosen_lines'),
    ignored: () => call('nothing', []),
    secret: () => literal(secretPlaceholder),
  };

  const presence = (value: PlannedValue): string =>
    value.named ? call(`has_${functionNames.get(value.field)}`, [r]) : isPresent(source(value));

  function whenAbsent(value: PlannedValue): string {
    const { field, fallback, absentable } = value;
    const base = source(value);
    if (fallback !== undefined) return call('default_to', [base, literal(fallback)]);
    if (value.named || !absentable.length) return base;
    const isNeeded = field.startsWith('header.') || field === 'challenge' || field === 'sessionToken';
    return isNeeded
      ? call('needed', [base, word(field.replace(/^header\./, ''))])
      : call('default_to', [base, literal('')]);
  }

  function value(planned: PlannedValue): string {
    const { filters, input } = planned;
    const start = whenAbsent(planned);
    if (filters.every(isUnchanging)) return start;
    const made = filters.reduce(
      (given, filter) => writeFilter(given, filter, dialect),
      isStructured(input) ? call(`split_${input}`, [start]) : start,
    );
    const last = filters.at(-1)?.output ?? input;
    return isStructured(last) ? call(`join_${last}`, [made]) : made;
  }

  function part(planned: PlannedPart): string {
    if (planned.kind === 'text') return literal(planned.text);
    return planned.kind === 'value' ? value(planned) : dialect.when(allPresent(planned), template(planned));
  }

  function template({ parts }: Parts): string {
    const [first, ...others] = parts.map(part);
    if (first === undefined) return literal('');
    return others.length ? join([first, ...others]) : first;
  }

  /** A condition: all values that can be absent are present. */
  const allPresent = ({ parts }: Parts): string =>
    dialect.all(parts.flatMap((one) => (one.kind === 'value' && one.absentable.length ? [presence(one)] : [])));

  const presenceOf = ({ parts }: PlannedTemplate): string => {
    const [only, ...others] = parts;
    return allPresent(only?.kind === 'optional' && !others.length ? only : { parts });
  };

  return {
    template,
    namedFunctions: Object.entries(named).flatMap(([field, one]): readonly WrittenFunction[] => {
      const name = functionNames.get(field) ?? '';
      return [
        { name, parameters: ['r'], returns: 'text', result: template(one) },
        ...(one.absentable.length
          ? [{ name: `has_${name}`, parameters: ['r'], returns: 'condition', result: presenceOf(one) } as const]
          : []),
      ];
    }),
  };
}
