import { digests } from '../digests.ts';
import { type Field, fields, headerField } from '../fields.ts';
import { filterRules, type Kind } from '../filters.ts';
import { didYouMean, invalidDefinition } from '../invalid-definition.ts';
import type { Filter, ValuePart } from '../template.ts';
import type { PlannedTemplate } from './template.ts';

/** A filter with the kinds of its input and output. */
export type PlannedFilter = Filter & { readonly input: Kind; readonly output: Kind };

/**
 * Whether a decoded path or query is encoded again piece by piece, so that delimiters remain distinct from decoded characters, before
 * it is decoded once more: `%252F` and `%2F` would become the same.
 *
 * @param later the filters after the one that decodes.
 */
export function isEncodedAgain(later: readonly PlannedFilter[]): boolean {
  const next = later.find((filter) => filter.name === 'decode' || isEncodedByPiece(filter));
  return next !== undefined && next.name !== 'decode';
}

const isEncodedByPiece = ({ name, input }: PlannedFilter): boolean =>
  /^(?:rfc3986|form)$/.test(name) && /^(?:path|query)$/.test(input);

/** A value of a template. References to a template with a single value are replaced by that value. */
export type PlannedValue = {
  readonly kind: 'value';
  /** For example `query|sort`. */
  readonly key: string;
  /** A field of the request, or of `named` in the plan. */
  readonly field: string;
  /** Whether the field is a template in `named` of the plan. */
  readonly named: boolean;
  readonly filters: readonly PlannedFilter[];
  /** The kind before the first filter. */
  readonly input: Kind;
  readonly output: 'text' | 'bytes';
  /** Replaces an absent value. */
  readonly fallback: string | undefined;
  /** The methods whose requests have the value; undefined for all. */
  readonly methods: readonly string[] | undefined;
  /** The values whose absence makes this value absent. */
  readonly absentable: readonly string[];
  /** Its index in the template, from 0. */
  readonly at: number;
};

/** Returns a named template, or a text that describes the fault in it. */
export type Resolve = (field: string) => PlannedTemplate | string | undefined;

/** The position of a value, and the fields that it may use. */
export type ValueContext = {
  readonly where: string;
  readonly template: string;
  /** Whether a verifier reads the value back: in headers and query. */
  readonly carrier: boolean;
  readonly hasSignedHeaders: boolean;
  readonly resolve: Resolve;
};

const names = [...fields.keys(), 'header.NAME', 'value.NAME'];

/**
 * @throws SignatureError `invalid_configuration` for unknown fields and filters, and for filters that are not applicable.
 */
export function planValue(part: ValuePart, context: ValueContext): PlannedValue {
  const { field, at } = part;
  const named = context.resolve(field);
  if (typeof named === 'string') return refuse(context, at + 1, named);
  const [first] = part.filters;
  if (named && first && isPresence(first)) {
    return refuse(context, first.at, `${first.name} belongs in the definition of the value`);
  }
  const [only, ...others] = named?.parts ?? [];
  if (only?.kind === 'value' && !others.length) {
    return planFilters({ ...part, field: only.field, filters: [...only.filters, ...part.filters] }, only, context);
  }
  const source = named
    ? { named: true, input: named.kind, absentable: named.absentable, fallback: undefined, methods: undefined }
    : planField(part, context);
  return planFilters(part, source, context);
}

type Source = Pick<PlannedValue, 'named' | 'input' | 'absentable' | 'fallback' | 'methods'>;

function planFilters({ field, filters, at }: ValuePart, source: Source, context: ValueContext): PlannedValue {
  let kind = source.input;
  const planned = filters.map((filter, i): PlannedFilter => {
    const input = kind;
    kind = planFilter(filter, { kind, first: i === 0, field, context });
    return { ...filter, input, output: kind };
  });
  const output = kind === 'bytes' ? 'bytes' : 'text';
  if (output === 'bytes' && context.carrier && filters.some(({ name }) => digests.has(name))) {
    refuse(context, at, 'a digest is bytes, which only the string to sign can contain: add hex, base64 or base64url');
  }
  const { named, input, absentable, fallback, methods } = source;
  const key = [field, ...filters.map(formatFilter)].join('|');
  return { kind: 'value', key, field, named, filters: planned, input, output, fallback, methods, absentable, at };
}

/** Formats a filter as in a template. */
export const formatFilter = ({ name, argument }: Pick<Filter, 'name' | 'argument'>): string =>
  argument === undefined ? name : `${name}:${argument}`;

function planField({ field, filters: [first], at }: ValuePart, context: ValueContext): Source {
  const known = findField(field, context, at + 1);
  const fallback = first?.name === 'default' ? (first.argument ?? '') : undefined;
  const methods = first?.name === 'only' ? first.argument?.split(',') : undefined;
  const absentable = known.absentable && fallback === undefined ? [methods ? `${field}|only:${methods}` : field] : [];
  return { named: false, input: known.kind, absentable, fallback, methods };
}

function findField(name: string, context: ValueContext, at: number): Field {
  const header = /^header\.(.+)$/.exec(name)?.[1];
  if (header === 'host') return refuse(context, at, 'clients cannot read the Host header: use authority');
  if (context.carrier && header) return refuse(context, at, 'a header cannot carry another header');
  if (header) return headerField(header);
  if (name.startsWith('signedHeader') && !context.hasSignedHeaders) {
    refuse(context, at, 'additional headers need signedHeaders in the definition');
  }
  const known = fields.get(name);
  if (!known) return refuse(context, at, `there is no field ${name}${didYouMean(name, names)}`);
  if (name === 'secret' && context.where !== 'stringToSign') refuse(context, at, 'secret is only for stringToSign');
  if (known.carrierOnly && !context.carrier) refuse(context, at, `${name} is only for headers and query`);
  return known;
}

type Position = {
  readonly kind: Kind;
  readonly first: boolean;
  readonly field: string;
  readonly context: ValueContext;
};

const isPresence = ({ name }: Filter): boolean => name === 'default' || name === 'only';

/** Returns the kind of the result of a filter. */
function planFilter(filter: Filter, { kind, first, field, context }: Position): Kind {
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
  // A verifier splits the signatures; a signer writes one.
  if (name === 'list' && field === 'signature') return kind;
  const step = rule.step(kind, argument ?? '');
  return typeof step === 'string' ? refuse(context, at, `${name} ${step}`) : step.kind;
}

const refuse = ({ where, template }: Pick<ValueContext, 'where' | 'template'>, at: number, problem: string): never =>
  invalidDefinition({ where, template, at }, problem);
