import { type Carrier, compileCarrier } from './carrier.ts';
import { type Compiled, compileTemplate, type ParsedTemplate } from './compile.ts';
import type { DefinedEncoding } from './definition.ts';
import { type Encoding, encodings } from './encodings.ts';
import type { Context, Named } from './expression.ts';
import { signedHeaderFields } from './fields.ts';
import type { Forms } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import { nonceForm } from './nonce.ts';
import type { ParsedCarrier, ParsedDefinition } from './parse.ts';
import { type Part, parseTemplate, type ValuePart } from './template.ts';
import { timestampForm } from './timestamp.ts';

/** A definition in the form that both halves of the scheme use. */
export type CompiledDefinition = {
  readonly name: string;
  readonly forms: Forms;
  /** The encoding of the signature. */
  readonly encoding: Encoding;
  readonly stringToSign: Compiled;
  readonly keySteps: readonly Compiled[];
  readonly keyEncoding: DefinedEncoding | undefined;
  readonly headers: readonly Carrier[];
  readonly query: readonly Carrier[];
};

/**
 * @throws SignatureError `invalid_configuration`
 */
export function compileDefinition(parsed: ParsedDefinition): CompiledDefinition {
  const { definition } = parsed;
  const forms: Forms = {
    algorithm: definition.algorithm ?? 'hmac-sha256',
    signature: definition.signature ?? 'hex',
    timestamp: timestampForm(definition.timestamp ?? 'unix-seconds'),
    nonce: nonceForm(definition.nonce ?? 'base64url'),
    separator: definition.signedHeaders?.separator ?? '',
  };
  const { signedHeaders } = definition;
  const own = signedHeaders
    ? signedHeaderFields(signedHeaders.separator, compileLine(signedHeaders.line))
    : new Map<string, never>();
  const context = { carrier: false, own, named: compileNamed(parsed, own) };
  for (const template of parsed.values.values()) compileTemplate(template, context);
  const compileCarriers = (place: 'header' | 'query', all: readonly ParsedCarrier[]) =>
    all.map((one) => {
      const spread = { ...one, parts: inlineValues(one, parsed.values) };
      const compiled = compileTemplate(spread, {
        ...context,
        carrier: true,
        named: (field) => (field.startsWith('value.') ? context.named(field) : undefined),
      });
      return compileCarrier(spread, { compiled, forms, place });
    });
  return {
    name: definition.name,
    forms,
    encoding: encodings[forms.signature],
    keyEncoding: definition.key?.encoding,
    stringToSign: compileTemplate(parsed.stringToSign, context),
    keySteps: parsed.keySteps.map((step) => compileTemplate(step, context)),
    headers: compileCarriers('header', parsed.headers),
    query: compileCarriers('query', parsed.query),
  };
}

// The headers of the scheme are not yet in the message when it is signed, so references to them use their future values.
function compileNamed({ values, headers }: ParsedDefinition, own: Context['own']): Context['named'] {
  const templates = new Map(values);
  for (const header of headers) templates.set(`header.${header.name.toLowerCase()}`, header);
  const compiled = new Map<string, Named | undefined>();
  return function named(field) {
    const template = templates.get(field);
    if (!template) return undefined;
    if (template.parts.some((part) => part.kind === 'value' && part.field === 'signature')) {
      return `${field} contains the signature itself`;
    }
    if (compiled.has(field)) return compiled.get(field) ?? `${field} contains itself`;
    compiled.set(field, undefined);
    const compiledTemplate = compileTemplate(template, { carrier: false, own, named });
    const [only, ...others] = compiledTemplate.parts;
    const result = {
      ...compiledTemplate,
      alias: only?.kind === 'value' && !others.length ? only.expression : undefined,
    };
    compiled.set(field, result);
    return result;
  };
}

/** Replaces references to values by their parts, because a verifier reads back the parts. */
function inlineValues({ where, template, parts }: ParsedTemplate, values: ParsedDefinition['values']): readonly Part[] {
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

/** Returns a function that renders the line of an additional header. */
function compileLine(template: string): (name: string, value: string) => string {
  const where = 'signedHeaders.line';
  const parts = parseTemplate(where, template);
  for (const part of parts) {
    const known =
      part.kind === 'text' || (part.kind === 'value' && /^(?:name|value)$/.test(part.field) && !part.filters[0]);
    if (!known)
      invalidDefinition({ where, template, at: part.at }, 'only {name} and {value} are allowed here, without filters');
  }
  if (!parts.some((part) => part.kind === 'value' && part.field === 'value')) {
    invalidDefinition({ where, template, at: 0 }, 'the {value} is missing');
  }
  return (name, value) =>
    parts
      .map((part) => (part.kind === 'text' ? part.text : 'field' in part && part.field === 'name' ? name : value))
      .join('');
}
