import { invalidDefinition } from '../invalid-definition.ts';
import { parseTemplate } from '../template.ts';

/** A part of the line of an additional header. */
export type PlannedLinePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name' }
  | { readonly kind: 'value' };

/**
 * Resolves the template for the line of an additional header.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function planLine(template: string): readonly PlannedLinePart[] {
  const where = 'signedHeaders.line';
  const parts = parseTemplate(where, template).map((part): PlannedLinePart => {
    if (part.kind === 'text') return { kind: 'text', text: part.text };
    if (part.kind === 'value' && !part.filters.length && (part.field === 'name' || part.field === 'value')) {
      return { kind: part.field };
    }
    const problem = 'only {name} and {value} are allowed here, without filters';
    return invalidDefinition({ where, template, at: part.at }, problem);
  });
  if (!parts.some(({ kind }) => kind === 'value')) {
    invalidDefinition({ where, template, at: 0 }, 'the {value} is missing');
  }
  return parts;
}
