import { digests } from './digests.ts';
import { type Environment, type Field, fields, headerField, valueIfAbsent } from './fields.ts';
import { filterRules, joinPieces, type Kind, type Made, type Step, splitPieces } from './filters.ts';
import { formatFilter, isEncodedAgain, type PlannedFilter, type PlannedValue } from './plan/value.ts';

/** How a value of a template uses the body. */
export type BodyUse = {
  /** The digests computed from the body, the innermost last. Any one of them is enough to compute the value. */
  readonly digests: readonly string[];
  /** The methods for which the body is used. @default all */
  readonly methods: readonly string[] | undefined;
  /** Whether some bytes are omitted. */
  readonly truncated: boolean;
  /** Whether all of it may be omitted although there is a body, because something else is absent. */
  readonly omissible: boolean;
};

/** A compiled value of a template. */
export type Expression = Pick<PlannedValue, 'key' | 'field' | 'filters' | 'absentable'> & {
  readonly kind: 'text' | 'bytes';
  /** The fields that always contribute fully: different values of a field always give different results. */
  readonly fields: ReadonlySet<string>;
  /** The fields that contribute fully to every request that has them: they may be in brackets that only their own absence omits. */
  readonly ifPresent: ReadonlySet<string>;
  /** Every field that can contribute. */
  readonly mentions: ReadonlySet<string>;
  readonly bodyUses: readonly BodyUse[];
  isPresent(environment: Environment): boolean;
  make(environment: Environment): string | Uint8Array;
};

/** A named template, as seen by the templates that use it. */
export type Named = Pick<Expression, 'fields' | 'ifPresent' | 'mentions' | 'bodyUses' | 'isPresent' | 'make'>;

/** What the values of a template may refer to. */
export type Context = {
  readonly named: ReadonlyMap<string, Named>;
  /** Fields that the definition itself defines. */
  readonly own: ReadonlyMap<string, Field>;
};

/** Creates the functions that make a planned value. */
export function compileExpression(value: PlannedValue, { named, own }: Context): Expression {
  const { key, field, filters, absentable, input, output } = value;
  const source = (value.named && named.get(field)) || createFieldSource(value, own);
  const steps = filters.map((filter) => compileFilter(filter, field));
  const checkpoints = filters.flatMap(({ name }, i) =>
    digests.has(name) ? [{ key: [field, ...filters.slice(0, i + 1).map(formatFilter)].join('|'), from: i + 1 }] : [],
  );
  return {
    key,
    field,
    filters,
    kind: output,
    absentable,
    fields: isLossy(value) ? new Set() : source.fields,
    ifPresent: isLossy(value) ? new Set() : source.ifPresent,
    mentions: source.mentions,
    bodyUses: source.bodyUses.map((use) => ({
      ...use,
      digests: [...checkpoints.map((checkpoint) => checkpoint.key).reverse(), ...use.digests],
      truncated: use.truncated || filters.some(({ name }) => truncatingFilters.has(name)),
    })),
    isPresent: source.isPresent,
    make: createMake({ kind: input, steps, checkpoints: checkpoints.reverse(), make: source.make }),
  };
}

function createFieldSource({ field, fallback, methods }: PlannedValue, own: Context['own']): Named {
  const header = /^header\.(.+)$/.exec(field)?.[1];
  const known = (header ? headerField(header) : (own.get(field) ?? fields.get(field))) as Field;
  const allowed = ({ message }: Environment) => !methods || methods.includes(message.method);
  const value = (environment: Environment) => (allowed(environment) ? known.value(environment) : undefined);
  // A header with a default: its absence and that value give the same result.
  const whole = new Set(header && fallback ? [] : [field]);
  return {
    fields: whole,
    ifPresent: whole,
    mentions: new Set([field]),
    bodyUses: field === 'body' ? [{ digests: [], methods, truncated: false, omissible: false }] : [],
    isPresent:
      field === 'body'
        ? (environment) => environment.hasBody && allowed(environment)
        : (environment) => value(environment) !== undefined,
    make: (environment) => value(environment) ?? fallback ?? valueIfAbsent(field),
  };
}

function compileFilter({ name, argument, input }: PlannedFilter, field: string): Step {
  // A verifier splits the signatures; a signer writes one.
  const step =
    name === 'list' && field === 'signature' ? undefined : filterRules.get(name)?.step(input, argument ?? '');
  return typeof step === 'object' ? step : { kind: input, apply: (value) => value };
}

const truncatingFilters: ReadonlySet<string> = new Set(['before', 'after', 'truncate', 'length']);
const lossyFilters: ReadonlySet<string> = new Set([
  ...truncatingFilters,
  'lower',
  'upper',
  'trim',
  'collapse',
  'merge',
  'join',
  'lines',
]);

/** Whether different values can give the same result. Decoding loses nothing if a path or query is encoded again piece by piece. */
const isLossy = ({ filters }: Pick<PlannedValue, 'filters'>): boolean =>
  filters.some(({ name }, i) => lossyFilters.has(name) || (name === 'decode' && !isEncodedAgain(filters.slice(i + 1))));

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
