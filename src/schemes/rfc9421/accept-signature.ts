import { serializeItem } from 'structured-headers';
import { fail, SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { FindingCode } from '../../core/finding.ts';
import { requestModifiers } from '../../core/modifiers.ts';
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

/** What an answer asks for in `Accept-Signature`. */
export type WantedSignature = {
  /** For `rfc9421()`. */
  readonly options: Rfc9421Options;
  /** The `keyid` that it asks for. */
  readonly accessKey: string | undefined;
  /** The `alg` that it asks for: what the key must be for. */
  readonly algorithm: string | undefined;
  /** What it asks to be the nonce, once: for the signer's `nonce`. */
  readonly nonce: string | undefined;
};

/** The value of Accept-Signature that asks for what a verifier demands, RFC 9421 section 5.1. */
export function acceptSignature({ label = defaultLabel, components, expires, tag }: Settings): string {
  // Those that a request seldom has are left out: section 5.1 has a signature cover all that is asked for.
  const asked = components.filter(({ name }) => !requestModifiers.includes(name));
  const identifiers = asked.map(({ identifier }) => identifier).join(' ');
  // A nonce is the caller's own: one that stands here would have to be a new one in each answer.
  return `${label}=(${identifiers});created${expires === undefined ? '' : ';expires'}${tag === undefined ? '' : `;tag=${serializeItem(tag)}`}`;
}

/**
 * What the `Accept-Signature` of an answer asks for (RFC 9421 section 5): the first signature of those in it that can be made here.
 * Whoever can change an answer can ask for little, so what asks for less than all of method, host, path, query and body is
 * refused, unless `acceptFindings` names what may be left out, as that of a verifier does.
 *
 * @param acceptFindings codes of findings. @default []
 * @throws SignatureError `missing_header` for null, `malformed_field`, and `invalid_configuration` for what cannot be made here
 */
export function wantedSignature(value: string | null, acceptFindings: readonly FindingCode[] = []): WantedSignature {
  if (value === null) return fail('missing_header', 'The answer has no Accept-Signature.');
  let failure: SignatureError | undefined;
  for (const [label, member] of canonicaliseDictionary('Accept-Signature', value)) {
    try {
      return wantedBy(label, member, acceptFindings);
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      failure ??= error;
    }
  }
  throw failure ?? new SignatureError('malformed_field', 'Accept-Signature asks for nothing.');
}

function wantedBy(
  label: string,
  { items, parameters }: Member,
  acceptFindings: readonly FindingCode[],
): WantedSignature {
  const unable = (what: string): never => fail('invalid_configuration', `Accept-Signature asks for ${what}.`);
  if (!items) return fail('malformed_field', `The member ${excerpt(label)} of Accept-Signature is no inner list.`);
  for (const name of parameters.keys()) {
    if (!/^(?:created|expires|keyid|alg|nonce|tag)$/.test(name))
      unable(`the parameter ${excerpt(name)}, which is unknown`);
  }
  const algorithm = readString(parameters, 'alg', algorithmPattern);
  if (algorithm !== undefined && !isRfc9421Algorithm(algorithm))
    unable(`the algorithm ${algorithm}, for which there is no key`);
  const tag = readString(parameters, 'tag', /^[ -~]{1,256}$/);
  asksFor(parameters, 'created');
  const options: Rfc9421Options = {
    label,
    components: withModifiers(parseComponents(items)),
    ...(asksFor(parameters, 'expires') && { expires: 300 }),
    ...(tag !== undefined && { tag }),
  };
  const settings = createSettings(options);
  const bytewise = settings.components.find(({ form }) => form === 'bs');
  if (bytewise) unable(`${excerpt(bytewise.identifier)}, and a client cannot tell the lines of a header apart`);
  const open = listFindings(settings).find(
    ({ code, severity }) => severity === 'high' && !acceptFindings.includes(code),
  );
  if (open)
    unable(`a signature that leaves something open: ${open.message} Name ${open.code} in acceptFindings to make it`);
  return {
    options,
    accessKey: readString(parameters, 'keyid', /^[ -~]{1,512}$/),
    algorithm,
    nonce: readString(parameters, 'nonce', noncePattern),
  };
}

/** What is asked for, and the modifiers, which are covered wherever a request has them. */
function withModifiers(asked: readonly Component[]): readonly string[] {
  const identities = readIdentities(asked);
  return [
    ...asked.map(({ identifier }) => identifier.replace(/^"([^"]*)"/, '$1')),
    ...requestModifiers.filter((name) => !identities.has(name)),
  ];
}

/** Whether a parameter is there, which has no value in a request for a signature. */
function asksFor(parameters: Parameters, name: 'created' | 'expires'): boolean {
  const value = parameters.get(name);
  return value === undefined || value === true
    ? value === true
    : fail('malformed_field', `${name} has no value in Accept-Signature.`);
}
