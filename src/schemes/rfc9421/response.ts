import { contentDigest } from '../../core/digest.ts';
import { SignatureError } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';
import { presentIn, responseModifiers } from '../../core/modifiers.ts';
import type {
  PreparedSignature,
  PresentedResponse,
  ResponseInput,
  ResponseScheme,
  SignedResponse,
} from '../../core/scheme.ts';
import { recodeField } from '../structured-fields.ts';
import { type Component, parseComponent, parseComponents } from './components.ts';
import { digestMatcher } from './content-digest.ts';
import { addSignatureFields, type LabelledSignature, listSignatures } from './fields.ts';
import { innerList, readInteger, readString } from './parameters.ts';
import { algorithmPattern, findAcceptable } from './read.ts';
import { defaultLabel, readIdentities, type Settings } from './settings.ts';
import { signatureBase } from './signature-base.ts';
import { createResolver, type Resolver } from './values.ts';

/**
 * Signatures of responses, RFC 9421 section 2.4: over status, content type, body, content range and location, bound to the request by
 * its own signature, and so by all that covers.
 */
export const rfc9421Response = (settings: Settings): ResponseScheme => ({
  fields: ['Unencoded-Digest', 'Content-Digest', 'Signature-Input', 'Signature'],
  prepare: (input) => recodeField('invalid_request', () => prepare(settings, input)),
  read: (answer) => {
    const resolve = attempt(() => createResolver({ request: answer.request, answer }));
    if (!resolve) return undefined;
    for (const signature of attempt(() => listSignatures(answer.headers)) ?? []) {
      // One that somebody on the way has added may hold anything.
      const presented = attempt(() => presentedBy(signature, settings, { answer, resolve }));
      if (presented) return presented;
    }
    return undefined;
  },
});

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

/** The request's signature, as a component of its answer. */
const bindingTo = (label: string): Component => parseComponent(`signature;req;key="${label}"`);

/** What is covered where the response has it. */
const whereTheyAre = ['content-type', ...responseModifiers];

function prepare(settings: Settings, input: ResponseInput): Omit<PreparedSignature, 'target'> {
  const { request, status, headers, sha256 } = input;
  const { label } = findAcceptable(settings, request);
  // Not Content-Digest, which covers the coded bytes (RFC 9530 section 2): fetch decodes gzip before its caller can hash anything,
  // and what compresses answers does so after they are signed. Unencoded-Digest covers what is read in the end.
  const digest = sha256 && contentDigest(sha256);
  const components = [
    parseComponent('@status'),
    ...presentIn(headers, whereTheyAre).map(parseComponent),
    ...(digest === undefined ? [] : [parseComponent('unencoded-digest')]),
    bindingTo(label),
  ];
  // An answer has no time of its own to live: it belongs to one request.
  const text = innerList(components, { ...settings, expires: undefined }, input);
  const answer = { status, headers: digest === undefined ? headers : withUnencodedDigest(headers, digest) };
  return {
    stringToSign: signatureBase(createResolver({ request, answer }), { components, text }),
    headers: (signature) => ({
      ...(digest !== undefined && { 'Unencoded-Digest': digest }),
      ...recodeField('invalid_request', () => addSignatureFields(headers, { label, text, signature })),
    }),
  };
}

const withUnencodedDigest = (headers: HeaderView, digest: string): HeaderView => ({
  get: (name) => (name === 'unencoded-digest' ? digest : headers.get(name)),
});

type Reading = { readonly answer: SignedResponse; readonly resolve: Resolver };

function presentedBy(
  given: LabelledSignature,
  settings: Settings,
  { answer: { headers }, resolve }: Reading,
): PresentedResponse | undefined {
  const { items, parameters, text, signature } = given;
  const components = parseComponents(items);
  const covered = readIdentities(components);
  const created = readInteger(parameters, 'created');
  const binding = bindingTo(settings.label ?? defaultLabel).identity;
  const open = presentIn(headers, whereTheyAre).some((name) => !covered.has(name));
  if (created === undefined || !covered.has('@status') || !covered.has(binding) || open) return undefined;
  const digests = ['unencoded-digest', 'content-digest']
    .filter((name) => covered.has(name))
    .map((name) => digestMatcher(name, headers.get(name) ?? ''));
  return {
    time: created * 1000,
    algorithm: readString(parameters, 'alg', algorithmPattern),
    signature,
    stringToSign: signatureBase(resolve, { components, text }),
    matches: (body, sha256) => (!body.length || digests.length > 0) && digests.every((fits) => fits(body, sha256)),
  };
}
