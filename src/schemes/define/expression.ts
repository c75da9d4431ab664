import { digests } from './digests.ts';
import { type Environment, type Field, fields, headerField, valueIfAbsent } from './fields.ts';
import { filterRules, joinPieces, type Kind, type Made, type Step, splitPieces } from './filters.ts';
import { didYouMean, invalidDefinition } from './invalid-definition.ts';
import type { Filter, ValuePart } from './template.ts';

/** How a value of a template uses the body. */
export type BodyUse = {
  /** The digests computed from the body, the innermost last. Any one of them is enough to compute the value. */
  readonly digests: readonly string[];
  /** The methods for which the body is used. @default all */
  readonly methods: readonly string[] | undefined;
  /** Whether some bytes are omitted. */
  readonly truncated: boolean;
};

/** A compiled value of a template. */
export type Expression = {
  /** For example `query|sort`. References to a single value are replaced by that value. */
  readonly key: string;
  readonly field: string;
  readonly filters: readonly Filter[];
  readonly kind: 'text' | 'bytes';
  /** The values whose absence makes this value absent. */
  readonly absentable: readonly string[];
  /** The fields that always contribute fully: different values of a field always give different results. */
  readonly fields: ReadonlySet<string>;
  /** Every field that can contribute. */
  readonly mentions: ReadonlySet<string>;
  readonly bodyUses: readonly BodyUse[];
  isPresent(environment: Environment): boolean;
  make(environment: Environment): string | Uint8Array;
};

/** A named template, as seen by the templates that use it. */
export type Named = Pick<
  Expression,
  'kind' | 'absentable' | 'fields' | 'mentions' | 'bodyUses' | 'isPresent' | 'make'
> & {
  /** The value, if the template consists of a single one. */
  readonly alias: Pick<ValuePart, 'field' | 'filters'> | undefined;
};

/** The position of a value, and the fields that it may use. */
export type Context = {
  readonly where: string;
  readonly template: string;
  /** Whether a verifier reads the value back: in headers and query. */
  readonly carrier: boolean;
  /** Returns a named template, or a text that describes the fault in it. */
  named(field: string): Named | string | undefined;
  /** Fields that the definition itself defines. */
  readonly own: ReadonlyMap<string, Field>;
};

const names = [...fields.keys(), 'header.NAME', 'value.NAME'];

/**
 * @throws SignatureError `invalid_configuration` for unknown fields and filters, and for filters that are not applicable.
 */
export function compileExpression(part: ValuePart, context: Context): Expression {
  const at = part.at + 1;
  const named = context.named(part.field);
  if (typeof named === 'string') return refuse(context, at, named);
  if (named?.alias) {
    const { field, filters } = named.alias;
    const [first] = part.filters;
    if (first && isPresence(first)) refuse(context, first.at, `${first.name} belongs in the definition of the value`);
    return compileExpression({ ...part, field, filters: [...filters, ...part.filters] }, context);
  }
  const source = named ? toNamedSource(named) : createFieldSource(part, context);
  const keys: string[] = [part.field];
  const steps: Step[] = [];
  let { kind } = source;
  for (const [i, filter] of part.filters.entries()) {
    keys.push(`${keys.at(-1)}|${filter.name}${filter.argument === undefined ? '' : `:${filter.argument}`}`);
    const step = compileFilter(filter, { kind, first: i === 0, field: part.field, context });
    steps.push(step);
    kind = step.kind;
  }
  const made = kind === 'bytes' ? 'bytes' : 'text';
  const isDigest = part.filters.some(({ name }) => digests.has(name));
  if (made === 'bytes' && isDigest) refuse(context, part.at, 'a digest is bytes: add hex, base64 or base64url');
  const checkpoints = part.filters.flatMap(({ name }, i) =>
    digests.has(name) ? [{ key: keys[i + 1] ?? '', from: i + 1 }] : [],
  );
  return {
    key: keys.at(-1) ?? '',
    field: part.field,
    filters: part.filters,
    kind: made,
    absentable: source.absentable,
    fields: isLossy(part) ? new Set() : source.fields,
    mentions: source.mentions,
    bodyUses: source.bodyUses.map((use) => ({
      ...use,
      digests: [...checkpoints.map(({ key }) => key).reverse(), ...use.digests],
      truncated: use.truncated || part.filters.some(({ name }) => truncatingFilters.has(name)),
    })),
    isPresent: source.isPresent,
    make: createMake({ kind: source.kind, steps, checkpoints: checkpoints.reverse(), make: source.make }),
  };
}

type Source = Omit<Named, 'alias' | 'kind'> & { readonly kind: Kind };

const toNamedSource = ({ alias: _, ...named }: Named): Source => named;

function createFieldSource({ field, filters, at }: ValuePart, context: Context): Source {
  const known = findField(field, context, at + 1);
  const [first] = filters;
  const fallback = first?.name === 'default' ? (first.argument ?? '') : undefined;
  const methods = first?.name === 'only' ? first.argument?.split(',') : undefined;
  const allowed = ({ message }: Environment) => !methods || methods.includes(message.method);
  const value = (environment: Environment) => (allowed(environment) ? known.value(environment) : undefined);
  return {
    kind: known.kind,
    absentable: known.absentable && fallback === undefined ? [methods ? `${field}|only:${methods}` : field] : [],
    fields: new Set([field]),
    mentions: new Set([field]),
    bodyUses: field === 'body' ? [{ digests: [], methods, truncated: false }] : [],
    isPresent:
      field === 'body'
        ? (environment) => environment.hasBody && allowed(environment)
        : (environment) => value(environment) !== undefined,
    make: (environment) => value(environment) ?? fallback ?? valueIfAbsent(field),
  };
}

function findField(name: string, context: Context, at: number): Field {
  const header = /^header\.(.+)$/.exec(name)?.[1];
  if (header === 'host') return refuse(context, at, 'clients cannot read the Host header: use authority');
  if (context.carrier && header) return refuse(context, at, 'a header cannot carry another header');
  if (header) return headerField(header);
  if (name.startsWith('signedHeader') && !context.own.has(name)) {
    refuse(context, at, 'additional headers need signedHeaders in the definition');
  }
  const known = context.own.get(name) ?? fields.get(name);
  if (!known) return refuse(context, at, `there is no field ${name}${didYouMean(name, names)}`);
  if (known.carrierOnly && !context.carrier) refuse(context, at, `${name} is only for headers and query`);
  return known;
}

type Position = { readonly kind: Kind; readonly first: boolean; readonly field: string; readonly context: Context };

const isPresence = ({ name }: Filter): boolean => name === 'default' || name === 'only';

function compileFilter(filter: Filter, { kind, first, field, context }: Position): Step {
  const { name, argument, at } = filter;
  const rule = filterRules.get(name);
  if (!rule) return refuse(context, at, `there is no filter ${name}${didYouMean(name, [...filterRules.keys()])}`);
  if (isPresence(filter) && !first) refuse(context, at, `${name} must be the first filter`);
  const {
    pattern = /^$/,
    expected = 'nothing',
    optional = true,
  } = rule.argument ? { optional: false, ...rule.argument } : {};
  if (argument === undefined ? !optional : !rule.argument || !pattern.test(argument)) {
    refuse(context, at, `${name} takes ${expected} after a colon`);
  }
  if (name === 'list' && field === 'signature') return { kind, apply: (value) => value };
  const step = rule.step(kind, argument ?? '');
  return typeof step === 'string' ? refuse(context, at, `${name} ${step}`) : step;
}

const truncatingFilters: ReadonlySet<string> = new Set(['before', 'truncate']);
const lossyFilters: ReadonlySet<string> = new Set([...truncatingFilters, 'lower', 'upper', 'trim', 'collapse']);

/** Whether different values can give the same result. Decoding loses nothing if a path or query is encoded again piece by piece. */
const isLossy = ({ field, filters }: Pick<ValuePart, 'field' | 'filters'>): boolean =>
  filters.some(
    ({ name }, i) => lossyFilters.has(name) || (name === 'decode' && !isEncodedAgain(field, filters.slice(i))),
  );

const isEncodedAgain = (field: string, later: readonly Filter[]): boolean =>
  /^(?:path|query)$/.test(field) && later.some(({ name }) => /^(?:rfc3986|form)$/.test(name));

type Making = {
  readonly kind: Kind;
  readonly steps: readonly Step[];
  /** Positions after a digest, the last one first. */
  readonly checkpoints: ReadonlyArray<{ readonly key: string; readonly from: number }>;
  make(environment: Environment): string | Uint8Array;
};

function createMake({ kind, steps, checkpoints, make }: Making): Expression['make'] {
  if (!steps.length) return make;
  const last = steps.at(-1)?.kind ?? kind;
  const structured = kind === 'path' || kind === 'query';
  return (environment) => {
    const checkpoint = checkpoints.find(({ key }) => environment.known.has(key));
    let value: Made | undefined = checkpoint && environment.known.get(checkpoint.key);
    if (value === undefined) {
      const made = make(environment);
      value = structured && typeof made === 'string' ? splitPieces(kind, made) : made;
    }
    for (const step of steps.slice(checkpoint?.from ?? 0)) value = step.apply(value);
    return joinPieces(last, value);
  };
}

const refuse = ({ where, template }: Context, at: number, problem: string): never =>
  invalidDefinition({ where, template, at }, problem);
