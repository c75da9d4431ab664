import { digests } from './digests.ts';
import { absence, type Environment, type Field, fields, headerField } from './fields.ts';
import { filterRules, joinPieces, type Kind, type Made, type Step, splitPieces } from './filters.ts';
import { didYouMean, invalidDefinition } from './invalid-definition.ts';
import type { Filter, ValuePart } from './template.ts';

/** How a value of a template goes into it. */
export type BodyUse = {
  /** The digests of it, any of which is enough to make the value; the innermost last. */
  readonly digests: readonly string[];
  /** The methods with which it is used. @default all */
  readonly methods: readonly string[] | undefined;
  /** Whether bytes are left out. */
  readonly truncated: boolean;
};

/** A value of a template, compiled. */
export type Expression = {
  /** `query|sort`, with names of values and own headers replaced by what they are where they are one value. */
  readonly key: string;
  readonly field: string;
  readonly filters: readonly Filter[];
  readonly kind: 'text' | 'bytes';
  /** What it is whose absence makes it absent. */
  readonly absentable: readonly string[];
  /** The fields that always go into it, whole: of two values of one, no two make the same of it. */
  readonly fields: ReadonlySet<string>;
  /** Every field that can go into it. */
  readonly mentions: ReadonlySet<string>;
  readonly bodyUses: readonly BodyUse[];
  isPresent(environment: Environment): boolean;
  make(environment: Environment): string | Uint8Array;
};

/** What a template with a name is to those that use it. */
export type Named = Pick<
  Expression,
  'kind' | 'absentable' | 'fields' | 'mentions' | 'bodyUses' | 'isPresent' | 'make'
> & {
  /** The only value, where there is nothing else. */
  readonly alias: Pick<ValuePart, 'field' | 'filters'> | undefined;
};

/** Where a value stands, and what it may be. */
export type Context = {
  readonly where: string;
  readonly template: string;
  /** Whether it is read back by a verifier: in headers and query. */
  readonly carrier: boolean;
  /** A template with a name: what it gives, or what is wrong with it. */
  named(field: string): Named | string | undefined;
  /** Fields that the definition itself explains. */
  readonly own: ReadonlyMap<string, Field>;
};

const names = [...fields.keys(), 'header.NAME', 'value.NAME'];

/**
 * @throws SignatureError `invalid_configuration` for unknown fields and filters, and filters that have no use where they are.
 */
export function compileExpression(part: ValuePart, context: Context): Expression {
  const at = part.at + 1;
  const named = context.named(part.field);
  if (typeof named === 'string') return refuse(context, at, named);
  if (named?.alias) {
    const { field, filters } = named.alias;
    const [first] = part.filters;
    if (first && isPresence(first)) refuse(context, first.at, `${first.name} belongs into the definition of the value`);
    return compileExpression({ ...part, field, filters: [...filters, ...part.filters] }, context);
  }
  const source = named ? sourceOfNamed(named) : sourceOfField(part, context);
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
    fields: loses(part) ? new Set() : source.fields,
    mentions: source.mentions,
    bodyUses: source.bodyUses.map((use) => ({
      ...use,
      digests: [...checkpoints.map(({ key }) => key).reverse(), ...use.digests],
      truncated: use.truncated || part.filters.some(({ name }) => cuts.has(name)),
    })),
    isPresent: source.isPresent,
    make: maker({ kind: source.kind, steps, checkpoints: checkpoints.reverse(), make: source.make }),
  };
}

type Source = Omit<Named, 'alias' | 'kind'> & { readonly kind: Kind };

const sourceOfNamed = ({ alias: _, ...named }: Named): Source => named;

function sourceOfField({ field, filters, at }: ValuePart, context: Context): Source {
  const known = fieldOf(field, context, at + 1);
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
    make: (environment) => value(environment) ?? fallback ?? absence(field),
  };
}

function fieldOf(name: string, context: Context, at: number): Field {
  const header = /^header\.(.+)$/.exec(name)?.[1];
  if (header === 'host') return refuse(context, at, 'clients cannot see the Host header: use authority');
  if (context.carrier && header) return refuse(context, at, 'a header cannot be carried in another');
  if (header) return headerField(header);
  if (name.startsWith('signedHeader') && !context.own.has(name)) {
    refuse(context, at, 'the definition does not say how further headers are signed: add signedHeaders');
  }
  const known = context.own.get(name) ?? fields.get(name);
  if (!known) return refuse(context, at, `there is no field ${name}${didYouMean(name, names)}`);
  if (known.carrierOnly && !context.carrier) refuse(context, at, `${name} is for headers and query`);
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
    refuse(context, at, `${name} takes ${expected} behind a colon`);
  }
  if (name === 'list' && field === 'signature') return { kind, apply: (value) => value };
  const step = rule.step(kind, argument ?? '');
  return typeof step === 'string' ? refuse(context, at, `${name} ${step}`) : step;
}

const cuts: ReadonlySet<string> = new Set(['before', 'truncate']);
const folds: ReadonlySet<string> = new Set([...cuts, 'lower', 'upper', 'trim', 'collapse']);

/** Whether two values may become one. Only a path and a query are decoded and encoded again piece by piece. */
const loses = ({ field, filters }: Pick<ValuePart, 'field' | 'filters'>): boolean =>
  filters.some(({ name }, i) => folds.has(name) || (name === 'decode' && !isEncodedAgain(field, filters.slice(i))));

const isEncodedAgain = (field: string, later: readonly Filter[]): boolean =>
  /^(?:path|query)$/.test(field) && later.some(({ name }) => /^(?:rfc3986|form)$/.test(name));

type Making = {
  readonly kind: Kind;
  readonly steps: readonly Step[];
  /** The last first. */
  readonly checkpoints: ReadonlyArray<{ readonly key: string; readonly from: number }>;
  make(environment: Environment): string | Uint8Array;
};

function maker({ kind, steps, checkpoints, make }: Making): Expression['make'] {
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
