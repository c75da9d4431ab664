import { invalidDefinition } from '../invalid-definition.ts';
import type { ParsedDefinition, ParsedTemplate } from '../parse.ts';
import type { Part, ValuePart } from '../template.ts';
import { type PlannedTemplate, planTemplate } from './template.ts';
import type { Resolve } from './value.ts';

/** The templates of a definition that others may name. */
export type Names = {
  readonly resolve: Resolve;
  /** Lists the templates of several parts that were resolved, each after those that it uses. */
  listUsed(): Readonly<Record<string, PlannedTemplate>>;
};

/**
 * Resolves names when they are used. The headers of the scheme are not yet in the message when it is signed, so references to them
 * use the values that they will get.
 */
export function createNames({ definition, values, headers }: ParsedDefinition): Names {
  const templates = new Map(values);
  for (const header of headers) templates.set(`header.${header.name.toLowerCase()}`, header);
  const planned = new Map<string, PlannedTemplate | undefined>();
  const hasSignedHeaders = definition.signedHeaders !== undefined;

  function resolve(field: string): ReturnType<Resolve> {
    const template = templates.get(field);
    if (!template) return undefined;
    if (template.parts.some((part) => part.kind === 'value' && part.field === 'signature')) {
      return `${field} contains the signature itself`;
    }
    if (planned.has(field)) return planned.get(field) ?? `${field} contains itself`;
    planned.set(field, undefined);
    const result = planTemplate(template, { carrier: false, hasSignedHeaders, resolve });
    // Again, so that it comes after those that it uses.
    planned.delete(field);
    planned.set(field, result);
    return result;
  }

  return {
    resolve,
    listUsed: () => Object.fromEntries([...planned].flatMap(([field, one]) => (one ? [[field, one] as const] : []))),
  };
}

/** Replaces references to values by their parts, because a verifier reads back the parts. */
export function inlineValues(
  { where, template, parts }: ParsedTemplate,
  values: ParsedDefinition['values'],
): readonly Part[] {
  return parts.flatMap((part) => {
    if (part.kind === 'text') return [part];
    if (part.kind === 'value') return inlineValue(part);
    const inner = part.parts.flatMap((one) => (one.kind === 'value' ? inlineValue(one) : [one]));
    return [{ ...part, parts: inner.map((one) => (one.kind === 'optional' ? refuseNested(one.at) : one)) }];
  });

  function inlineValue(part: ValuePart): readonly Part[] {
    const value = values.get(part.field);
    if (!value || part.filters.length || (value.parts.length === 1 && value.parts[0]?.kind === 'value')) return [part];
    // Error messages about the inlined parts point at the reference.
    return inlineValues({ ...value, parts: value.parts.map((one) => moveTo(one, part.at)) }, values);
  }

  function refuseNested(at: number): never {
    return invalidDefinition({ where, template, at }, 'this value contains brackets, so it cannot be within brackets');
  }
}

const moveTo = (part: Part, at: number): Part =>
  part.kind === 'optional' ? { ...part, at, parts: part.parts.map((one) => ({ ...one, at })) } : { ...part, at };
