import type { DefinedAlgorithm, DefinedEncoding, SchemeDefinition } from '../definition.ts';
import { type NonceRange, nonceRange } from '../nonce.ts';
import type { ParsedDefinition } from '../parse.ts';
import { type TimestampPart, timestampParts } from '../timestamp.ts';
import { type PlannedLinePart, planLine } from './line.ts';
import { createNames, inlineValues } from './names.ts';
import { checkSecret } from './secret.ts';
import { type PlannedTemplate, planTemplate } from './template.ts';

/** A header or query parameter of the scheme. */
export type PlannedCarrier = PlannedTemplate & {
  readonly name: string;
  /** Whether it contains the signature. Parameters that do not are added to the query before it is signed. */
  readonly signature: boolean;
  /** Whether the whole carrier may be absent. */
  readonly optional: boolean;
};

/**
 * A definition with all decisions made: names resolved, defaults filled in, the kind of each filter's input and the presence of
 * each value known. It is plain JSON. Signer, verifier, findings, prose and the clients of a kit are made from it, so they agree.
 */
export type Plan = {
  readonly name: string;
  readonly algorithm: DefinedAlgorithm;
  /** The encoding of the signature. */
  readonly signature: DefinedEncoding;
  readonly secret: NonNullable<SchemeDefinition['secret']>;
  readonly timestamp: readonly TimestampPart[];
  readonly nonce: NonceRange;
  /** Between the names of additional headers; undefined if a signer cannot choose any. */
  readonly separator: string | undefined;
  /** The line of an additional header. */
  readonly line: readonly PlannedLinePart[];
  /** The templates that others refer to, by field: `value.hash`, `header.x-date`. Each comes after those that it uses. */
  readonly named: Readonly<Record<string, PlannedTemplate>>;
  readonly stringToSign: PlannedTemplate;
  readonly key: {
    readonly prefix: string;
    readonly steps: readonly PlannedTemplate[];
    readonly encoding: DefinedEncoding | undefined;
  };
  readonly headers: readonly PlannedCarrier[];
  readonly query: readonly PlannedCarrier[];
  /** Where in the query a verifier accepts the signature. */
  readonly signaturePosition: 'end' | 'any';
};

/**
 * Resolves a parsed definition.
 *
 * @throws SignatureError `invalid_configuration`. The message names the key of the definition and points at the character.
 */
export function planDefinition(parsed: ParsedDefinition): Plan {
  const { definition } = parsed;
  const { name, signedHeaders, key } = definition;
  const timestamp = timestampParts(definition.timestamp ?? 'unix-seconds');
  const nonce = nonceRange(definition.nonce ?? 'base64url');
  const line = signedHeaders ? planLine(signedHeaders.line) : [];
  const names = createNames(parsed);
  const context = { carrier: false, hasSignedHeaders: signedHeaders !== undefined, resolve: names.resolve };
  for (const template of parsed.values.values()) planTemplate(template, context);
  const carrierContext = {
    ...context,
    carrier: true,
    resolve: (field: string) => (field.startsWith('value.') ? names.resolve(field) : undefined),
  };
  const planCarrier = (one: ParsedDefinition['headers'][number]): PlannedCarrier => {
    const template = planTemplate({ ...one, parts: inlineValues(one, parsed.values) }, carrierContext);
    const [first, ...others] = template.parts;
    const flat = template.parts.flatMap((part) => (part.kind === 'optional' ? part.parts : [part]));
    return {
      ...template,
      name: one.name,
      signature: flat.some((part) => part.kind === 'value' && part.field === 'signature'),
      optional: first?.kind === 'optional' && !others.length,
    };
  };
  const stringToSign = planTemplate(parsed.stringToSign, context);
  checkSecret(definition, stringToSign);
  const steps = parsed.keySteps.map((step) => planTemplate(step, context));
  const headers = parsed.headers.map(planCarrier);
  const query = parsed.query.map(planCarrier);
  return {
    name,
    algorithm: definition.algorithm ?? 'hmac-sha256',
    signature: definition.signature ?? 'hex',
    secret: definition.secret ?? 'utf8',
    timestamp,
    nonce,
    separator: signedHeaders?.separator,
    line,
    named: names.listUsed(),
    stringToSign,
    key: { prefix: key?.prefix ?? '', steps, encoding: key?.encoding },
    headers,
    query,
    signaturePosition: definition.signaturePosition ?? 'end',
  };
}
