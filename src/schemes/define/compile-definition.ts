import { type Carrier, compileCarrier } from './carrier.ts';
import { type Compiled, compileTemplate } from './compile.ts';
import type { DefinedEncoding } from './definition.ts';
import { type Encoding, encodings } from './encodings.ts';
import type { Context, Named } from './expression.ts';
import { signedHeaderFields } from './fields.ts';
import type { Forms } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { SecretPlace } from './keyed-hash.ts';
import { nonceForm } from './nonce.ts';
import type { Plan, PlannedCarrier } from './plan/plan.ts';
import { isSecret } from './plan/secret.ts';
import type { PlannedTemplate } from './plan/template.ts';
import { timestampForm } from './timestamp.ts';

/** A definition in the form that both halves of the scheme use. */
export type CompiledDefinition = {
  readonly name: string;
  readonly forms: Forms;
  /** The encoding of the signature. */
  readonly encoding: Encoding;
  readonly stringToSign: Compiled;
  /** What determines the place of the secret; undefined for HMAC. */
  readonly secret: CompiledSecret | undefined;
  readonly keySteps: readonly Compiled[];
  readonly keyEncoding: DefinedEncoding | undefined;
  readonly headers: readonly Carrier[];
  readonly query: readonly Carrier[];
  readonly signaturePosition: Plan['signaturePosition'];
  /** Whether the line of an additional header contains its name. */
  readonly namesInLines: boolean;
};

/** The place of the secret: behind, or before, a part of the string to sign. */
export type CompiledSecret = { readonly side: SecretPlace['side']; readonly part: Compiled };

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
    secret: compileSecret(plan.stringToSign, context),
    keySteps: plan.key.steps.map((step) => compileTemplate(step, context)),
    headers: compileCarriers('header', plan.headers),
    query: compileCarriers('query', plan.query),
    signaturePosition: plan.signaturePosition,
    namesInLines: line.some(({ kind }) => kind === 'name'),
  };
}

/** Measures from the side without the body, which a verifier knows before it reads the body. */
function compileSecret({ parts, where, template }: PlannedTemplate, context: Context): CompiledSecret | undefined {
  const place = parts.findIndex(isSecret);
  const secret = parts[place];
  if (!secret) return undefined;
  const compilePart = (some: PlannedTemplate['parts']) => compileTemplate({ kind: 'bytes', parts: some }, context);
  const before = compilePart(parts.slice(0, place));
  if (!before.bodyUses.length) return { side: 'behind', part: before };
  const after = compilePart(parts.slice(place + 1));
  if (after.bodyUses.length)
    invalidDefinition({ where, template, at: secret.at }, 'the body is on both sides of {secret}');
  return { side: 'before', part: after };
}
