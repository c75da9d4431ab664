import { utf8 } from '../../core/encoding.ts';
import { type BodyUse, type Context, compileExpression, type Expression, type Named } from './expression.ts';
import type { Environment } from './fields.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { Part } from './template.ts';

/** A parsed template of a definition. */
export type ParsedTemplate = {
  /** The key in the definition, for example `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  readonly parts: readonly Part[];
};

/** A part in brackets, omitted if the value in it is absent. */
export type CompiledOptional = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<CompiledText | CompiledValue>;
  readonly at: number;
  /** The value whose absence omits the part. */
  readonly absentable: string;
  isPresent(environment: Environment): boolean;
};
export type CompiledText = { readonly kind: 'text'; readonly text: string; readonly at: number };
export type CompiledValue = { readonly kind: 'value'; readonly expression: Expression; readonly at: number };
export type CompiledPart = CompiledText | CompiledValue | CompiledOptional;

/** A compiled template: renders text or bytes, and lists the values that they contain. */
export type Compiled = Omit<Named, 'alias'> & { readonly parts: readonly CompiledPart[] };

/**
 * @throws SignatureError `invalid_configuration`
 */
export function compileTemplate(
  { where, template, parts }: ParsedTemplate,
  context: Omit<Context, 'where' | 'template'>,
): Compiled {
  const own: Context = { ...context, where, template };
  const value = (part: Part & { kind: 'value' }): CompiledValue => ({
    kind: 'value',
    expression: compileExpression(part, own),
    at: part.at,
  });
  const compiled = parts.map((part): CompiledPart => {
    if (part.kind === 'text') return part;
    if (part.kind === 'value') return value(part);
    const inner = part.parts.map((one) => (one.kind === 'text' ? one : value(one)));
    return { kind: 'optional', parts: inner, at: part.at, ...describePresence(inner, own, part.at) };
  });
  const flat = compiled.flatMap((part) => (part.kind === 'optional' ? part.parts : [part]));
  const all = listExpressions(flat);
  const always = listExpressions(compiled.filter((part) => part.kind !== 'optional') as typeof flat);
  const kind = all.some((one) => one.kind === 'bytes') ? 'bytes' : 'text';
  const [only] = compiled;
  const onlyOptional = compiled.length === 1 && only?.kind === 'optional' ? only : undefined;
  return {
    kind,
    parts: compiled,
    absentable: onlyOptional ? [onlyOptional.absentable] : [...new Set(always.flatMap(({ absentable }) => absentable))],
    fields: new Set(always.flatMap(({ fields }) => [...fields])),
    mentions: new Set(all.flatMap(({ mentions }) => [...mentions])),
    bodyUses: all.flatMap(({ bodyUses }): readonly BodyUse[] => bodyUses),
    isPresent: (environment) =>
      onlyOptional
        ? onlyOptional.isPresent(environment)
        : always.every((expression) => expression.isPresent(environment)),
    make:
      kind === 'bytes'
        ? (environment) => renderBytes(compiled, environment)
        : (environment) => renderText(compiled, environment),
  };
}

const listExpressions = (parts: ReadonlyArray<CompiledText | CompiledValue>): readonly Expression[] =>
  parts.flatMap((part) => (part.kind === 'value' ? [part.expression] : []));

// With two absentable values, omitting one would remove the other from the signature although it is present.
function describePresence(
  parts: CompiledOptional['parts'],
  { where, template }: Context,
  at: number,
): Pick<CompiledOptional, 'absentable' | 'isPresent'> {
  const expressions = listExpressions(parts);
  const [absentable, ...others] = [...new Set(expressions.flatMap((one) => one.absentable))];
  if (absentable === undefined) invalidDefinition({ where, template, at }, 'nothing in these brackets can be absent');
  if (others.length) {
    const all = [absentable, ...others].join(' and ');
    invalidDefinition(
      { where, template, at },
      `only one value in brackets may be absent, not ${all}: add a default to the others`,
    );
  }
  const decisive = expressions.filter((one) => one.absentable.length);
  return {
    absentable: absentable ?? '',
    isPresent: (environment) => decisive.every((one) => one.isPresent(environment)),
  };
}

function renderText(parts: readonly CompiledPart[], environment: Environment): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'value') text += part.expression.make(environment);
    else if (part.isPresent(environment)) text += renderText(part.parts, environment);
  }
  return text;
}

function renderBytes(parts: readonly CompiledPart[], environment: Environment): Uint8Array {
  const made = parts.map((part) => {
    if (part.kind === 'text') return utf8(part.text);
    if (part.kind === 'optional') return part.isPresent(environment) ? renderBytes(part.parts, environment) : utf8('');
    const value = part.expression.make(environment);
    return typeof value === 'string' ? utf8(value) : value;
  });
  const whole = new Uint8Array(made.reduce((size, { length }) => size + length, 0));
  let end = 0;
  for (const bytes of made) {
    whole.set(bytes, end);
    end += bytes.length;
  }
  return whole;
}
