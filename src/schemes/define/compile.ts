import { utf8 } from '../../core/encoding.ts';
import { type BodyUse, type Context, compileExpression, type Expression, type Named } from './expression.ts';
import type { Environment } from './fields.ts';
import type { PlannedPart, PlannedTemplate } from './plan/template.ts';
import type { PlannedValue } from './plan/value.ts';
import type { TextPart } from './template.ts';

/** A part in brackets, omitted if the value in it is absent. */
export type CompiledOptional = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<TextPart | CompiledValue>;
  readonly at: number;
  /** The value whose absence omits the part. */
  readonly absentable: string;
  isPresent(environment: Environment): boolean;
};
export type CompiledValue = { readonly kind: 'value'; readonly expression: Expression; readonly at: number };
export type CompiledPart = TextPart | CompiledValue | CompiledOptional;

/** A compiled template: renders text or bytes, and lists the values that they contain. */
export type Compiled = Named & Pick<PlannedTemplate, 'kind'> & { readonly parts: readonly CompiledPart[] };

/** Creates the functions that make a planned template. */
export function compileTemplate({ kind, parts }: Pick<PlannedTemplate, 'kind' | 'parts'>, context: Context): Compiled {
  const compileValue = (value: PlannedValue): CompiledValue => ({
    kind: 'value',
    expression: compileExpression(value, context),
    at: value.at,
  });
  const compiled = parts.map((part: PlannedPart): CompiledPart => {
    if (part.kind === 'text') return part;
    if (part.kind === 'value') return compileValue(part);
    const inner = part.parts.map((one) => (one.kind === 'text' ? one : compileValue(one)));
    return { ...part, parts: inner, isPresent: allPresent(listExpressions(inner)) };
  });
  const flat = compiled.flatMap((part) => (part.kind === 'optional' ? part.parts : [part]));
  const all = listExpressions(flat);
  const always = listExpressions(compiled.filter((part) => part.kind !== 'optional') as typeof flat);
  const [only, ...others] = compiled;
  return {
    kind,
    parts: compiled,
    fields: new Set(always.flatMap(({ fields }) => [...fields])),
    ifPresent: new Set(compiled.flatMap(listIfPresent)),
    mentions: new Set(all.flatMap(({ mentions }) => [...mentions])),
    bodyUses: compiled.flatMap(listBodyUses),
    isPresent: only?.kind === 'optional' && !others.length ? only.isPresent : allPresent(always),
    make:
      kind === 'bytes'
        ? (environment) => renderBytes(compiled, environment)
        : (environment) => renderText(compiled, environment),
  };
}

const listExpressions = (parts: ReadonlyArray<TextPart | CompiledValue>): readonly Expression[] =>
  parts.flatMap((part) => (part.kind === 'value' ? [part.expression] : []));

function listIfPresent(part: CompiledPart): readonly string[] {
  if (part.kind === 'text') return [];
  if (part.kind === 'value') return [...part.expression.ifPresent];
  return part.parts.flatMap(listIfPresent).filter((field) => field === part.absentable);
}

function listBodyUses(part: CompiledPart): readonly BodyUse[] {
  if (part.kind === 'text') return [];
  if (part.kind === 'value') return part.expression.bodyUses;
  const [field, methods] = part.absentable.split('|only:');
  const required = methods?.split(',');
  return listExpressions(part.parts)
    .flatMap(({ bodyUses }) => bodyUses)
    .map((use) => ({
      ...use,
      omissible: use.omissible || field !== 'body',
      methods: required ? required.filter((method) => use.methods?.includes(method) ?? true) : use.methods,
    }));
}

// A value with a default cannot be absent.
function allPresent(expressions: readonly Expression[]): (environment: Environment) => boolean {
  const decisive = expressions.filter(({ absentable }) => absentable.length);
  return (environment) => decisive.every((one) => one.isPresent(environment));
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
