import { readFileSync } from 'node:fs';
import { fail } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { FindingCode } from '../core/scheme-finding.ts';
import { cavage12 } from '../schemes/cavage12/scheme.ts';
import type { Cavage12Options } from '../schemes/cavage12/settings.ts';
import { countersignV1 } from '../schemes/countersign-v1/scheme.ts';
import { defineScheme } from '../schemes/define/define-scheme.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { type PresignOptions, presign } from '../schemes/presign/scheme.ts';
import { rfc9421 } from '../schemes/rfc9421/scheme.ts';
import type { Rfc9421Options } from '../schemes/rfc9421/settings.ts';
import { type SignedLinksOptions, signedLinks } from '../schemes/signed-links/scheme.ts';
import { type SigV4Options, sigv4 } from '../schemes/sigv4/scheme.ts';
import { type StandardWebhooksOptions, standardWebhooks } from '../schemes/standard-webhooks/scheme.ts';
import type { Options, OptionValues } from './command.ts';
import { isAnonymous, type ReadyDefinition, readyDefinitions } from './ready-definitions.ts';

/** Options for the scheme. */
export const schemeOptions = {
  scheme: { type: 'text', value: 'NAME', help: 'Default: countersign-v1.' },
  region: { type: 'text', value: 'NAME', help: 'For sigv4 and sigv4-presigned, such as eu-west-1.' },
  service: { type: 'text', value: 'NAME', help: 'For sigv4 and sigv4-presigned, such as s3.' },
  'scheme-options': { type: 'text', value: 'JSON', help: `Options of the scheme, such as '{"expires":60}'.` },
  definition: { type: 'text', value: 'FILE', help: 'A scheme definition in JSON, instead of --scheme.' },
} as const satisfies Options;

export type SchemeValues = Pick<OptionValues<typeof schemeOptions>, keyof typeof schemeOptions>;

type Row = {
  readonly name: string;
  /** The options of the scheme, and whether each is required. @default none */
  readonly options?: Readonly<Record<string, 'needed' | 'optional'>>;
  /** True if requests carry no access key. @default false */
  readonly anonymous?: boolean;
  /** The names of the options are checked before; the scheme checks their values. */
  make(options: unknown): Scheme;
};

/** A scheme, and whether its requests carry no access key, as with most webhooks. */
export type SchemeInUse = { readonly scheme: Scheme; readonly anonymous: boolean };

const toRow = ({ name, options = {}, define, anonymous }: ReadyDefinition): Row => ({
  name,
  options,
  anonymous,
  make: (given) => defineScheme(define(given)),
});

const aws = { region: 'needed', service: 'needed', signedHeaders: 'optional', unsignedPayload: 'optional' } as const;

const rows: readonly Row[] = [
  { name: 'countersign-v1', make: () => countersignV1 },
  {
    name: 'countersign-v1-link',
    options: { maxLifetime: 'needed', once: 'optional', unsignedPayload: 'optional' },
    make: (options) => signedLinks(options as SignedLinksOptions),
  },
  {
    name: 'rfc9421',
    options: {
      ...{ label: 'optional', components: 'optional', alg: 'optional' },
      ...{ nonce: 'optional', expires: 'optional', tag: 'optional' },
    },
    make: (options) => rfc9421(options as Rfc9421Options),
  },
  {
    name: 'sigv4',
    options: { ...aws, payloadHeader: 'optional' },
    make: (options) => sigv4(options as SigV4Options),
  },
  {
    name: 'sigv4-presigned',
    options: { ...aws, expires: 'optional', reusable: 'optional' },
    make: (options) => presign(options as PresignOptions),
  },
  {
    name: 'standard-webhooks',
    options: { prefixes: 'optional' },
    anonymous: true,
    make: (options) => standardWebhooks(options as StandardWebhooksOptions),
  },
  {
    name: 'cavage-12',
    options: { headers: 'optional', carrier: 'optional', algorithm: 'optional' },
    make: (options) => cavage12(options as Cavage12Options),
  },
  ...readyDefinitions.map(toRow),
];

/** Schemes that `explain` recognises in a request that was signed with another scheme than expected. */
export const recognisedSchemes = (): readonly Scheme[] => [
  ...['countersign-v1', 'rfc9421', 'standard-webhooks', 'kong-hmac-auth', 'hawk', 'github-webhooks', 'stripe-webhooks']
    .concat(['binance-spot', 'azure-app-configuration'])
    .flatMap((name) => rows.find((row) => row.name === name)?.make({}) ?? []),
  sigv4({ region: 'any', service: 'any' }),
  presign({ region: 'any', service: 'any' }),
  signedLinks({ maxLifetime: 1 }),
];

/** The list of schemes in help. */
export const describeSchemes: string = [
  'Schemes:',
  ...rows.map(({ name, options = {} }) => {
    const needed = Object.keys(options).filter((option) => options[option] === 'needed');
    return `  ${name}${needed.length ? ` (needs ${needed.join(', ')})` : ''}`;
  }),
].join('\n');

/**
 * Finds the scheme that the options name.
 *
 * @throws SignatureError `invalid_configuration` for an unknown scheme, and for unknown or missing options.
 */
export function findScheme({ scheme, region, service, definition, 'scheme-options': json }: SchemeValues): SchemeInUse {
  const options = {
    ...(json === undefined ? {} : objectIn(json, '--scheme-options')),
    ...(region !== undefined && { region }),
    ...(service !== undefined && { service }),
  };
  if (definition !== undefined) {
    if (scheme !== undefined || Object.keys(options).length) {
      fail('invalid_configuration', 'A --definition is a complete scheme: give neither --scheme nor options of one.');
    }
    const found = definitionIn(definition);
    return { scheme: defineScheme(found), anonymous: isAnonymous(found) };
  }
  const row = rows.find(({ name }) => name === (scheme ?? 'countersign-v1'));
  if (!row)
    return fail(
      'invalid_configuration',
      `There is no such scheme. Schemes: ${rows.map(({ name }) => name).join(', ')}`,
    );
  const known = row.options ?? {};
  const strange = Object.keys(options).find((option) => !Object.hasOwn(known, option));
  if (strange !== undefined) fail('invalid_configuration', `The scheme ${row.name} has no option ${strange} here.`);
  const missing = Object.keys(known).find((option) => known[option] === 'needed' && !Object.hasOwn(options, option));
  if (missing !== undefined) fail('invalid_configuration', `The scheme ${row.name} needs ${missing}.`);
  return { scheme: row.make(options), anonymous: row.anonymous === true };
}

/** The weaknesses that a verifier accepts; see {@link parseFinding}. */
export const findingOptions = {
  'accept-finding': {
    type: 'list',
    value: 'FINDING',
    help: 'A weakness of the scheme that you accept, such as body-unsigned.',
  },
} as const satisfies Options;

/**
 * Finds a finding of the scheme by its code.
 *
 * @throws SignatureError `invalid_configuration` for a code that the scheme does not have.
 */
export function parseFinding({ name: scheme, findings = [] }: Scheme, name: string): FindingCode {
  const found = findings.find(({ code }) => code === name);
  if (found) return found.code;
  const has = findings.map(({ code }) => code).join(', ') || 'none';
  return fail('invalid_configuration', `The scheme ${scheme} has no such finding. Its findings: ${has}`);
}

/**
 * Reads a definition from a file.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function definitionIn(file: string): SchemeDefinition {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    return fail('invalid_configuration', `The definition cannot be read from ${file}.`, 400, cause);
  }
  // defineScheme checks its contents.
  return objectIn(text, file) as SchemeDefinition;
}

function objectIn(text: string, where: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fail('invalid_configuration', `${where} is not JSON.`, 400, cause);
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : fail('invalid_configuration', `${where} must be a JSON object.`);
}
