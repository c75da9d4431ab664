import { checkSchema } from './check-schema.ts';
import type { SchemeDefinition } from './definition.ts';
import { type Part, parseTemplate } from './template.ts';

/** A parsed template of a definition. */
export type ParsedTemplate = {
  /** The key in the definition, for example `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  readonly parts: readonly Part[];
};

/** A header or query parameter with its parsed template. */
export type ParsedCarrier = ParsedTemplate & { readonly name: string };

/** A definition with parsed templates. */
export type ParsedDefinition = {
  readonly definition: SchemeDefinition;
  readonly stringToSign: ParsedTemplate;
  /** By field, for example `value.hash`. */
  readonly values: ReadonlyMap<string, ParsedTemplate>;
  readonly keySteps: readonly ParsedTemplate[];
  readonly headers: readonly ParsedCarrier[];
  readonly query: readonly ParsedCarrier[];
};

/**
 * Checks the keys of a definition and parses its templates.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function parseDefinition(definition: SchemeDefinition): ParsedDefinition {
  checkSchema(definition);
  const { values = {}, headers = {}, query = {}, key, stringToSign } = definition;
  return {
    definition,
    stringToSign: parseAt('stringToSign', stringToSign),
    values: new Map(
      Object.entries(values).map(([name, template]) => [`value.${name}`, parseAt(`values.${name}`, template)]),
    ),
    keySteps: (key?.steps ?? []).map((template, i) => parseAt(`key.steps.${i}`, template)),
    headers: Object.entries(headers).map(([name, template]) => ({ name, ...parseAt(`headers.${name}`, template) })),
    query: Object.entries(query).map(([name, template]) => ({ name, ...parseAt(`query.${name}`, template) })),
  };
}

const parseAt = (where: string, template: string): ParsedTemplate => ({
  where,
  template,
  parts: parseTemplate(where, template),
});
