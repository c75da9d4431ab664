import { accessKeyPattern } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { Message } from '../../core/message.ts';
import { mayBeUnsigned } from '../../core/modifiers.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import { type Component, parseComponents } from './components.ts';
import { digestedBody } from './content-digest.ts';
import { type LabelledSignature, listSignatures } from './fields.ts';
import { readInteger, readString } from './parameters.ts';
import { covers, isWherePresent, readIdentities, type Settings } from './settings.ts';
import { noncePattern } from './sign.ts';
import { signatureBase } from './signature-base.ts';
import { createResolver, type Resolver } from './values.ts';

/** What may be the name of an algorithm. */
export const algorithmPattern: RegExp = /^[\w.-]{1,64}$/;

/**
 * The server's half of `rfc9421`: the one signature that covers what it must.
 *
 * @throws SignatureError `missing_signature`, `malformed_field`, also where several cover what they must, `insufficient_coverage`, and what `signatureBase` throws.
 */
export const readRfc9421 = (settings: Settings, message: Message): PresentedSignature =>
  findAcceptable(settings, message).presented;

/** A signature of a request that covers what it must. */
export type Acceptable = { readonly label: string; readonly presented: PresentedSignature };

/**
 * @throws SignatureError as {@link readRfc9421} does.
 */
export function findAcceptable(settings: Settings, message: Message): Acceptable {
  const { label, tag } = settings;
  const ours = listSignatures(message.headers).filter(
    (one) => (label ?? one.label) === one.label && (tag ?? one.parameters.get('tag')) === one.parameters.get('tag'),
  );
  const acceptable: Acceptable[] = [];
  let failure: SignatureError | undefined;
  const reading = readingOf(message);
  for (const signature of ours) {
    try {
      acceptable.push({ label: signature.label, presented: presentedBy(signature, settings, reading()) });
    } catch (error) {
      // Someone on the way may have added one for another reader.
      if (!(error instanceof SignatureError)) throw error;
      failure ??= error;
    }
  }
  const [first, second] = acceptable;
  // By each of them alone the request would be accepted once more, were the rest taken off.
  if (second) {
    return fail(
      'malformed_field',
      `The signatures ${acceptable.map(({ label }) => excerpt(label, 32)).join(', ')} each cover enough. Send one, or have the verifier look at one label or tag alone.`,
    );
  }
  if (first) return first;
  if (failure) throw failure;
  const expected = `${label === undefined ? '' : ` with the label ${label}`}${tag === undefined ? '' : ` with the tag ${tag}`}`;
  return fail('missing_signature', `The request has no signature by RFC 9421${expected}.`, 401);
}

/** What all signatures of a message are read by, made once. */
type Reading = { readonly message: Message; readonly resolve: Resolver; readonly body: () => PresentedBody };

function readingOf(message: Message): () => Reading {
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

function presentedBy(
  given: LabelledSignature,
  settings: Settings,
  { message, resolve, body }: Reading,
): PresentedSignature {
  const { items, parameters, text, signature } = given;
  const components = parseComponents(items);
  requireCoverage(components, settings, message);
  const created = readInteger(parameters, 'created') ?? lacking('the parameter created');
  const accessKey = readString(parameters, 'keyid', accessKeyPattern) ?? lacking('the parameter keyid');
  const nonce = readString(parameters, 'nonce', noncePattern) ?? (settings.nonce ? lacking('a nonce') : undefined);
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
    body: bodyOf(components, settings, body),
  };
}

function requireCoverage(components: readonly Component[], settings: Settings, message: Message): void {
  const { headers } = message;
  const covered = readIdentities(components);
  const missing = settings.components.filter(
    // Whether there is a body is known later.
    ({ name, identity }) =>
      name !== 'content-digest' &&
      (!isWherePresent(name) || headers.get(name) !== null) &&
      !covers(covered, identity) &&
      !mayBeUnsigned(message, name),
  );
  if (missing.length) lacking(missing.map(({ identifier }) => identifier).join(', '));
}

function bodyOf(components: readonly Component[], settings: Settings, digested: () => PresentedBody): PresentedBody {
  const covered = components.some(({ name, key }) => name === 'content-digest' && key === undefined);
  if (covered) return digested();
  return settings.coversBody ? { kind: 'none' } : { kind: 'uncovered' };
}

const lacking = (what: string): never =>
  fail('insufficient_coverage', `The signature does not cover ${what}, which is demanded here.`, 401);
