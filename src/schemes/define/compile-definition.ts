import { type Carrier, compileCarrier } from './carrier.ts';
import { type Compiled, compileTemplate } from './compile.ts';
import type { DefinedEncoding } from './definition.ts';
import { type Encoding, encodings } from './encodings.ts';
import type { Context, Named } from './expression.ts';
import { signedHeaderFields } from './fields.ts';
import type { Forms } from './grammar.ts';
import { nonceForm } from './nonce.ts';
import type { Plan, PlannedCarrier } from './plan/plan.ts';
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
  readonly signaturePosition: Plan['signaturePosition'];
  /** Whether the line of an additional header contains its name. */
  readonly namesInLines: boolean;
};

/**
 * Creates the functions of a scheme from its plan.
 *
 * @throws SignatureError `invalid_configuration` if the carried values cannot be read back.
 */
export function compileDefinition(plan: Plan): CompiledDefinition {
  const { name, algorithm, signature, separator, line } = plan;
  const forms: Forms = {
    algorithm,
    signature,
    timestamp: timestampForm(plan.timestamp),
    nonce: nonceForm(plan.nonce),
    separator: separator ?? '',
  };
  const formatLine = (header: string, value: string) =>
    line.map((part) => (part.kind === 'text' ? part.text : part.kind === 'name' ? header : value)).join('');
  const named = new Map<string, Named>();
  const context: Context = {
    named,
    own: separator === undefined ? new Map<string, never>() : signedHeaderFields(separator, formatLine),
  };
  for (const [field, template] of Object.entries(plan.named)) named.set(field, compileTemplate(template, context));
  const compileCarriers = (place: 'header' | 'query', all: readonly PlannedCarrier[]) =>
    all.map((one) => compileCarrier(one, { compiled: compileTemplate(one, context), forms, place }));
  return {
    name,
    forms,
    encoding: encodings[signature],
    keyEncoding: plan.key.encoding,
    stringToSign: compileTemplate(plan.stringToSign, context),
    keySteps: plan.key.steps.map((step) => compileTemplate(step, context)),
    headers: compileCarriers('header', plan.headers),
    query: compileCarriers('query', plan.query),
    signaturePosition: plan.signaturePosition,
    namesInLines: line.some(({ kind }) => kind === 'name'),
  };
}
