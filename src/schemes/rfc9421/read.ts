import { accessKeyPattern } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { Message } from '../../core/message.ts';
import { mayBeUnsigned } from '../../core/modifying-headers.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import { type Component, parseComponents } from './components.ts';
import { digestedBody } from './content-digest.ts';
import { type LabelledSignature, listSignatures } from './fields.ts';
import { readInteger, readString } from './parameters.ts';
import { covers, isCoveredIfPresent, readIdentities, type Settings } from './settings.ts';
import { noncePattern } from './sign.ts';
import { signatureBase } from './signature-base.ts';
import { createResolver, type Resolver } from './values.ts';

/** The characters of an algorithm name. */
export const algorithmPattern: RegExp = /^[\w.-]{1,64}$/;

/**
 * Returns the one signature that covers everything that the settings demand.
 *
 * @throws SignatureError `missing_signature`; `malformed_field`, also if several signatures cover everything; `insufficient_coverage`;
 * and the codes of `signatureBase`.
 */
export const readRfc9421 = (settings: Settings, message: Message): PresentedSignature =>
  findAcceptable(settings, message).presented;

/** A signature with sufficient coverage. */
export type Acceptable = { readonly label: string; readonly presented: PresentedSignature };

/**
 * @throws SignatureError with the codes of {@link readRfc9421}.
 */
export function findAcceptable(settings: Settings, message: Message): Acceptable {
  const { label, tag } = settings;
  const ours = listSignatures(message.headers).filter(
    (one) => (label ?? one.label) === one.label && (tag ?? one.parameters.get('tag')) === one.parameters.get('tag'),
  );
  const acceptable: Acceptable[] = [];
  let failure: SignatureError | undefined;
  const reading = createReading(message);
  for (const signature of ours) {
    try {
      acceptable.push({ label: signature.label, presented: readSignature(signature, settings, reading()) });
    } catch (error) {
      // A proxy may have added a signature for another reader, so continue with the others.
      if (!(error instanceof SignatureError)) throw error;
      failure ??= error;
    }
  }
  const [first, second] = acceptable;
  // The request could be replayed with each of them alone, so several are refused.
  if (second) {
    return fail(
      'malformed_field',
      `The signatures ${acceptable.map(({ label }) => excerpt(label, 32)).join(', ')} each have sufficient coverage. Send one, or set the label or tag that the verifier reads.`,
    );
  }
  if (first) return first;
  if (failure) throw failure;
  const expected = `${label === undefined ? '' : ` with the label ${label}`}${tag === undefined ? '' : ` with the tag ${tag}`}`;
  return fail('missing_signature', `The request has no RFC 9421 signature${expected}.`, 401);
}

/** Values shared by all signatures of one message, computed once. */
type Reading = { readonly message: Message; readonly resolve: Resolver; readonly body: () => PresentedBody };

function createReading(message: Message): () => Reading {
  const { headers } = message;
  let body: PresentedBody | undefined;
  let reading: Reading | undefined;
  return () => {
    reading ??= {
      message,
      resolve: createResolver({ request: message }),
      body: () => (body ??= digestedBody(headers.get('content-digest') ?? '')),
    };
    return reading;
  };
}

function readSignature(
  given: LabelledSignature,
  settings: Settings,
  { message, resolve, body }: Reading,
): PresentedSignature {
  const { items, parameters, text, signature } = given;
  const components = parseComponents(items);
  requireCoverage(components, settings, message);
  const created = readInteger(parameters, 'created') ?? failCoverage('the parameter created');
  const accessKey = readString(parameters, 'keyid', accessKeyPattern) ?? failCoverage('the parameter keyid');
  const nonce = readString(parameters, 'nonce', noncePattern) ?? (settings.nonce ? failCoverage('a nonce') : undefined);
  const expires = readInteger(parameters, 'expires');
  return {
    accessKey,
    algorithm: readString(parameters, 'alg', algorithmPattern),
    time: created * 1000,
    expiresAt: expires === undefined ? undefined : expires * 1000,
    nonce,
    signatures: [signature],
    stringToSign: signatureBase(resolve, { components, text }),
    signedHeaders: components.flatMap(({ name, key }) => (name.startsWith('@') || key !== undefined ? [] : [name])),
    body: readBody(components, settings, body),
  };
}

function requireCoverage(components: readonly Component[], settings: Settings, message: Message): void {
  const { headers } = message;
  const covered = readIdentities(components);
  const missing = settings.components.filter(
    // content-digest is checked later, when it is known whether there is a body.
    ({ name, identity }) =>
      name !== 'content-digest' &&
      (!isCoveredIfPresent(name) || headers.get(name) !== null) &&
      !covers(covered, identity) &&
      !mayBeUnsigned(message, name),
  );
  if (missing.length) failCoverage(missing.map(({ identifier }) => identifier).join(', '));
}

function readBody(components: readonly Component[], settings: Settings, digested: () => PresentedBody): PresentedBody {
  const covered = components.some(({ name, key }) => name === 'content-digest' && key === undefined);
  if (covered) return digested();
  return settings.coversBody ? { kind: 'none' } : { kind: 'uncovered' };
}

const failCoverage = (what: string): never =>
  fail('insufficient_coverage', `The signature does not cover ${what}, which this verifier demands.`, 401);
