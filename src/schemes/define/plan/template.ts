import { invalidDefinition } from '../invalid-definition.ts';
import type { ParsedTemplate } from '../parse.ts';
import type { TextPart } from '../template.ts';
import { type PlannedValue, planValue, type ValueContext } from './value.ts';

/** A part in brackets, omitted if the value in it is absent. */
export type PlannedOptional = {
  readonly kind: 'optional';
  readonly parts: ReadonlyArray<TextPart | PlannedValue>;
  readonly at: number;
  /** The value whose absence omits the part. */
  readonly absentable: string;
};

export type PlannedPart = TextPart | PlannedValue | PlannedOptional;

/** A template of a definition. */
export type PlannedTemplate = {
  /** The key in the definition, for example `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  /** `bytes` if an unencoded body is in it. */
  readonly kind: 'text' | 'bytes';
  readonly parts: readonly PlannedPart[];
  /** The values whose absence makes the whole absent, for templates that refer to it. */
  readonly absentable: readonly string[];
};

/**
 * @throws SignatureError `invalid_configuration`
 */
export function planTemplate(
  { where, template, parts }: ParsedTemplate,
  context: Omit<ValueContext, 'where' | 'template'>,
): PlannedTemplate {
  const own: ValueContext = { ...context, where, template };
  const planned = parts.map((part): PlannedPart => {
    if (part.kind === 'text') return part;
    if (part.kind === 'value') return planValue(part, own);
    const inner = part.parts.map((one) => (one.kind === 'text' ? one : planValue(one, own)));
    return { kind: 'optional', parts: inner, at: part.at, absentable: findAbsentable(inner, own, part.at) };
  });
  const [only, ...others] = planned;
  return {
    where,
    template,
    kind: listValues(planned).some(({ output }) => output === 'bytes') ? 'bytes' : 'text',
    parts: planned,
    absentable:
      only?.kind === 'optional' && !others.length
        ? [only.absentable]
        : [...new Set(planned.flatMap((part) => (part.kind === 'value' ? part.absentable : [])))],
  };
}

/** Lists the values of a template, in brackets or not. */
export const listValues = (parts: readonly PlannedPart[]): readonly PlannedValue[] =>
  parts.flatMap((part) => (part.kind === 'optional' ? listValues(part.parts) : part.kind === 'value' ? [part] : []));

// With two absentable values, omitting one would remove the other from the signature although it is present.
function findAbsentable(
  parts: PlannedOptional['parts'],
  { where, template }: Pick<ValueContext, 'where' | 'template'>,
  at: number,
): string {
  const [absentable, ...others] = new Set(listValues(parts).flatMap((one) => one.absentable));
  if (absentable === undefined) {
    return invalidDefinition({ where, template, at }, 'nothing in these brackets can be absent');
  }
  if (others.length) {
    const all = [absentable, ...others].join(' and ');
    invalidDefinition(
      { where, template, at },
      `only one value in brackets may be absent, not ${all}: add a default to the others`,
    );
  }
  return absentable;
}
