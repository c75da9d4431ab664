import { contentDigest } from '../../core/digest.ts';
import { SignatureError } from '../../core/errors.ts';
import type { HeaderView } from '../../core/message.ts';
import { presentIn, responseModifiers } from '../../core/modifying-headers.ts';
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
 * Response signatures, RFC 9421 section 2.4. They cover status, content type, body, content range and location, and are bound to the
 * signature of the request and so to everything that it covers.
 */
export const rfc9421Response = (settings: Settings): ResponseScheme => ({
  fields: ['Unencoded-Digest', 'Content-Digest', 'Signature-Input', 'Signature'],
  prepare: (input) => recodeField('invalid_request', () => prepare(settings, input)),
  read: (response) => {
    const resolve = attempt(() => createResolver({ request: response.request, response }));
    if (!resolve) return undefined;
    for (const signature of attempt(() => listSignatures(response.headers)) ?? []) {
      // A signature that was added in transit may be malformed; skip it.
      const presented = attempt(() => readSignature(signature, settings, { response, resolve }));
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

/** Returns the component that covers the signature of the request. */
const requestSignature = (label: string): Component => parseComponent(`signature;req;key="${label}"`);

/** Fields that are covered if the response has them. */
const coveredIfPresent = ['content-type', ...responseModifiers];

function prepare(settings: Settings, input: ResponseInput): Omit<PreparedSignature, 'target'> {
  const { request, status, headers, sha256 } = input;
  const { label } = findAcceptable(settings, request);
  // Not Content-Digest, which covers the encoded bytes (RFC 9530 section 2): fetch decodes gzip before the client can hash anything,
  // and servers compress responses after signing. Unencoded-Digest covers the decoded bytes.
  const digest = sha256 && contentDigest(sha256);
  const components = [
    parseComponent('@status'),
    ...presentIn(headers, coveredIfPresent).map(parseComponent),
    ...(digest === undefined ? [] : [parseComponent('unencoded-digest')]),
    requestSignature(label),
  ];
  // No `expires`: a response signature is bound to one request.
  const text = innerList(components, { ...settings, expires: undefined }, input);
  const response = { status, headers: digest === undefined ? headers : withUnencodedDigest(headers, digest) };
  return {
    stringToSign: signatureBase(createResolver({ request, response }), { components, text }),
    headers: (signature) => ({
      ...(digest !== undefined && { 'Unencoded-Digest': digest }),
      ...recodeField('invalid_request', () => addSignatureFields(headers, { label, text, signature })),
    }),
  };
}

const withUnencodedDigest = (headers: HeaderView, digest: string): HeaderView => ({
  get: (name) => (name === 'unencoded-digest' ? digest : headers.get(name)),
});

type Reading = { readonly response: SignedResponse; readonly resolve: Resolver };

function readSignature(
  given: LabelledSignature,
  settings: Settings,
  { response: { headers }, resolve }: Reading,
): PresentedResponse | undefined {
  const { items, parameters, text, signature } = given;
  const components = parseComponents(items);
  const covered = readIdentities(components);
  const created = readInteger(parameters, 'created');
  const binding = requestSignature(settings.label ?? defaultLabel).identity;
  const open = presentIn(headers, coveredIfPresent).some((name) => !covered.has(name));
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
