import { serializeItem } from 'structured-headers';
import { fail, SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { requestModifiers } from '../../core/modifying-headers.ts';
import type { FindingCode } from '../../core/scheme-finding.ts';
import { canonicaliseDictionary, type Member, type Parameters } from '../structured-fields.ts';
import { isRfc9421Algorithm } from './algorithms.ts';
import { type Component, parseComponents } from './components.ts';
import { readString } from './parameters.ts';
import { algorithmPattern } from './read.ts';
import {
  createSettings,
  defaultLabel,
  listFindings,
  type Rfc9421Options,
  readIdentities,
  type Settings,
} from './settings.ts';
import { noncePattern } from './sign.ts';

/** The signature that an `Accept-Signature` field requests. */
export type WantedSignature = {
  /** Options for `rfc9421()`. */
  readonly options: Rfc9421Options;
  /** The requested `keyid`. */
  readonly accessKey: string | undefined;
  /** The requested `alg`: the algorithm that the key must have. */
  readonly algorithm: string | undefined;
  /** The requested nonce, valid once: return it from the `nonce` of the signer. */
  readonly nonce: string | undefined;
};

/** Returns the Accept-Signature value that describes the demands of a verifier, RFC 9421 section 5.1. */
export function acceptSignature({ label = defaultLabel, components, expires, tag }: Settings): string {
  // Section 5.1 demands that a signature covers every requested component, so components that are rarely present are omitted.
  const asked = components.filter(({ name }) => !requestModifiers.includes(name));
  const identifiers = asked.map(({ identifier }) => identifier).join(' ');
  // No nonce is requested, because it would have to be a new one in each response. The caller generates its own.
  return `${label}=(${identifiers});created${expires === undefined ? '' : ';expires'}${tag === undefined ? '' : `;tag=${serializeItem(tag)}`}`;
}

/**
 * Reads an `Accept-Signature` field (RFC 9421 section 5) and returns the first requested signature that this package can make.
 * Anyone who can change the response can request weak coverage, so a request for less than method, host, path, query and body is
 * refused unless `acceptFindings` names the missing parts, as for a verifier.
 *
 * @param acceptFindings codes of findings. @default []
 * @throws SignatureError `missing_header` for null, `malformed_field`, and `invalid_configuration` for a signature that cannot be
 * made here.
 * @example
 * import { wantedSignature } from 'countersign/schemes';
 *
 * const field = 'sig1=("@method" "@authority" "@path" "@query" "content-digest");created;keyid="shop"';
 * const { accessKey, options } = wantedSignature(field);
 * console.log(accessKey, options.label); // → shop sig1
 */
export function wantedSignature(value: string | null, acceptFindings: readonly FindingCode[] = []): WantedSignature {
  if (value === null) return fail('missing_header', 'The response has no Accept-Signature.');
  let failure: SignatureError | undefined;
  for (const [label, member] of canonicaliseDictionary('Accept-Signature', value)) {
    try {
      return readWanted(label, member, acceptFindings);
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      failure ??= error;
    }
  }
  throw failure ?? new SignatureError('malformed_field', 'Accept-Signature requests nothing.');
}

function readWanted(
  label: string,
  { items, parameters }: Member,
  acceptFindings: readonly FindingCode[],
): WantedSignature {
  const refuse = (what: string): never => fail('invalid_configuration', `Accept-Signature requests ${what}.`);
  if (!items) return fail('malformed_field', `The member ${excerpt(label)} of Accept-Signature is not an inner list.`);
  for (const name of parameters.keys()) {
    if (!/^(?:created|expires|keyid|alg|nonce|tag)$/.test(name)) refuse(`the unknown parameter ${excerpt(name)}`);
  }
  const algorithm = readString(parameters, 'alg', algorithmPattern);
  if (algorithm !== undefined && !isRfc9421Algorithm(algorithm))
    refuse(`the algorithm ${algorithm}, which is not supported`);
  const tag = readString(parameters, 'tag', /^[ -~]{1,256}$/);
  requests(parameters, 'created');
  const options: Rfc9421Options = {
    label,
    components: withModifiers(parseComponents(items)),
    ...(requests(parameters, 'expires') && { expires: 300 }),
    ...(tag !== undefined && { tag }),
  };
  const settings = createSettings(options);
  const byteComponent = settings.components.find(({ form }) => form === 'bs');
  if (byteComponent)
    refuse(`${excerpt(byteComponent.identifier)}, but a client cannot read the lines of a header separately`);
  const weakness = listFindings(settings).find(
    ({ code, severity }) => severity === 'high' && !acceptFindings.includes(code),
  );
  if (weakness)
    refuse(`a signature with a weakness: ${weakness.message} To make it, name ${weakness.code} in acceptFindings`);
  return {
    options,
    accessKey: readString(parameters, 'keyid', /^[ -~]{1,512}$/),
    algorithm,
    nonce: readString(parameters, 'nonce', noncePattern),
  };
}

/** Returns the requested components and the modifiers, which are covered whenever a request has them. */
function withModifiers(asked: readonly Component[]): readonly string[] {
  const identities = readIdentities(asked);
  return [
    ...asked.map(({ identifier }) => identifier.replace(/^"([^"]*)"/, '$1')),
    ...requestModifiers.filter((name) => !identities.has(name)),
  ];
}

/** Whether a parameter is requested. In Accept-Signature it is a flag without a value. */
function requests(parameters: Parameters, name: 'created' | 'expires'): boolean {
  const value = parameters.get(name);
  return value === undefined || value === true
    ? value === true
    : fail('malformed_field', `${name} must have no value in Accept-Signature.`);
}
