import { utf8 } from '../../core/encoding.ts';
import { type BodyUse, type Context, compileExpression, type Expression, type Named } from './expression.ts';
import type { Environment } from './fields.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { Part } from './template.ts';

/** A template of a definition. */
export type ParsedTemplate = {
  /** The key of the definition: `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  readonly parts: readonly Part[];
};

/** What is left out where the value in it is absent. */
export type CompiledOptional = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<CompiledText | CompiledValue>;
  readonly at: number;
  /** What it is whose absence leaves it out. */
  readonly absentable: string;
  isPresent(environment: Environment): boolean;
};
export type CompiledText = { readonly kind: 'text'; readonly text: string; readonly at: number };
export type CompiledValue = { readonly kind: 'value'; readonly expression: Expression; readonly at: number };
export type CompiledPart = CompiledText | CompiledValue | CompiledOptional;

/** A template, compiled: the text or bytes that it gives, and what goes into them. */
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
    return { kind: 'optional', parts: inner, at: part.at, ...presenceOf(inner, own, part.at) };
  });
  const everything = compiled.flatMap((part) => (part.kind === 'optional' ? part.parts : [part]));
  const all = expressionsOf(everything);
  const always = expressionsOf(compiled.filter((part) => part.kind !== 'optional') as typeof everything);
  const kind = all.some((one) => one.kind === 'bytes') ? 'bytes' : 'text';
  const [only] = compiled;
  const alone = compiled.length === 1 && only?.kind === 'optional' ? only : undefined;
  return {
    kind,
    parts: compiled,
    absentable: alone ? [alone.absentable] : [...new Set(always.flatMap(({ absentable }) => absentable))],
    fields: new Set(always.flatMap(({ fields }) => [...fields])),
    mentions: new Set(all.flatMap(({ mentions }) => [...mentions])),
    bodyUses: all.flatMap(({ bodyUses }): readonly BodyUse[] => bodyUses),
    isPresent: (environment) =>
      alone ? alone.isPresent(environment) : always.every((expression) => expression.isPresent(environment)),
    make:
      kind === 'bytes'
        ? (environment) => bytesOf(compiled, environment)
        : (environment) => textOf(compiled, environment),
  };
}

const expressionsOf = (parts: ReadonlyArray<CompiledText | CompiledValue>): readonly Expression[] =>
  parts.flatMap((part) => (part.kind === 'value' ? [part.expression] : []));

// Were there two, a value that is there could be left out of a signature by leaving out another.
function presenceOf(
  parts: CompiledOptional['parts'],
  { where, template }: Context,
  at: number,
): Pick<CompiledOptional, 'absentable' | 'isPresent'> {
  const expressions = expressionsOf(parts);
  const [absentable, ...others] = [...new Set(expressions.flatMap((one) => one.absentable))];
  if (absentable === undefined) invalidDefinition({ where, template, at }, 'nothing in these brackets can be absent');
  if (others.length) {
    const all = [absentable, ...others].join(' and ');
    invalidDefinition(
      { where, template, at },
      `only one value in brackets may be absent, not ${all}: give others a default`,
    );
  }
  const decisive = expressions.filter((one) => one.absentable.length);
  return {
    absentable: absentable ?? '',
    isPresent: (environment) => decisive.every((one) => one.isPresent(environment)),
  };
}

function textOf(parts: readonly CompiledPart[], environment: Environment): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'value') text += part.expression.make(environment);
    else if (part.isPresent(environment)) text += textOf(part.parts, environment);
  }
  return text;
}

function bytesOf(parts: readonly CompiledPart[], environment: Environment): Uint8Array {
  const made = parts.map((part) => {
    if (part.kind === 'text') return utf8(part.text);
    if (part.kind === 'optional') return part.isPresent(environment) ? bytesOf(part.parts, environment) : utf8('');
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
