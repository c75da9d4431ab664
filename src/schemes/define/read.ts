import { decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type Message, refuseRepeated } from '../../core/message.ts';
import type { PresentedBody, PresentedSignature } from '../../core/scheme.ts';
import type { Carrier, Found } from './carrier.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { describeCoverage } from './coverage.ts';
import type { Environment } from './fields.ts';
import { readSignatures } from './grammar.ts';
import { endsWith, parameterValues, withoutParameters } from './query.ts';
import { createDerivation, nothing } from './sign.ts';
import { isSignable } from './signed-headers.ts';

/** The verifying half of a compiled definition. */
export function createReader(compiled: CompiledDefinition): (message: Message) => PresentedSignature {
  const { name, forms, stringToSign, headers, query } = compiled;
  const coverage = describeCoverage(compiled);
  const names = query.map((one) => one.name);
  const signatureNames = query.filter(({ signature }) => signature).map((one) => one.name);

  return (message) => {
    const found = foundIn(message);
    const values = agreed(found);
    const text = (id: string) => values.get(id) ?? '';
    const time = values.has('timestamp') ? forms.timestamp.read(text('timestamp')) : undefined;
    if (values.has('timestamp') && time === undefined) malformed('The timestamp is none, or of an impossible date');
    const digests = found.filter(({ leaf }) => leaf.expression.bodyUses.length);
    const environment: Environment = {
      message,
      target: withoutParameters(message.rawTarget, signatureNames),
      accessKey: text('accessKey'),
      timestamp: text('timestamp'),
      nonce: text('nonce'),
      sessionToken: values.get('sessionToken'),
      challenge: values.get('challenge'),
      signature: '',
      body: nothing.body,
      signedHeaders: signedHeadersOf(values.get('signedHeaders')),
      hasBody: digests.some(({ text }) => text !== undefined),
      known: digests.length
        ? new Map(digests.flatMap(({ leaf: { id } }) => (values.get(id) ? [[id, decodeHex(text(id))]] : [])))
        : nothing.known,
    };
    const { body, needsBody } = bodyOf(environment, digests);
    return {
      accessKey: values.get('accessKey'),
      time: coverage.fields.has('timestamp') ? time : undefined,
      nonce: coverage.fields.has('nonce') ? values.get('nonce') : undefined,
      challenge: coverage.fields.has('challenge') ? values.get('challenge') : undefined,
      signatures: readSignatures(text('signature')),
      stringToSign: needsBody
        ? (bytes) => stringToSign.make({ ...environment, body: bytes, hasBody: bytes.length > 0, known: nothing.known })
        : stringToSign.make(environment),
      ...createDerivation(compiled, environment),
      signedHeaders: [...coverage.headers, ...environment.signedHeaders],
      body,
    };
  };

  function foundIn(message: Message): readonly Found[] {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00-\x20\x7f]/.test(message.rawTarget)) malformed('The request target holds a control character');
    const parameters = parameterValues(message.rawTarget, names);
    const carried = [
      ...headers.map((carrier) => ({ carrier, text: message.headers.get(carrier.name) })),
      ...query.map((carrier) => ({ carrier, text: parameters.get(carrier.name) ?? null })),
    ];
    for (const { name } of headers) refuseRepeated(message.headers, name);
    for (const { carrier, text } of carried) {
      if (carrier.signature && !text?.startsWith(carrier.prefix)) {
        fail(
          'missing_signature',
          `The request is not signed by the scheme ${name}: ${carrier.name} does not say so.`,
          401,
        );
      }
    }
    if (signatureNames.length && !endsWith(message.rawTarget, signatureNames)) {
      malformed(`The query does not end in ${signatureNames.join(', ')}`);
    }
    return carried.flatMap(({ carrier, text }) => readCarrier(carrier, text));
  }

  function bodyOf(
    environment: Environment,
    digests: readonly Found[],
  ): { readonly body: PresentedBody; readonly needsBody: boolean } {
    const { method } = environment.message;
    const uses = coverage.bodyUses.filter(({ methods }) => !methods || methods.includes(method));
    if (!uses.length) return { body: { kind: 'uncovered' }, needsBody: false };
    const carried = digests.filter(({ leaf }) => uses.some((use) => use.digests.includes(leaf.id)));
    const isKnown = uses.every((use) => carried.some(({ leaf }) => use.digests.includes(leaf.id)));
    if (!isKnown) return { body: { kind: 'signed' }, needsBody: true };
    const present = carried.filter(({ text }) => text !== undefined);
    if (!present.length) return { body: { kind: 'none' }, needsBody: false };
    const [first] = present;
    const sha256 = environment.known.get('body|sha256');
    if (sha256 && present.every(({ leaf }) => leaf.id === 'body|sha256') && first) {
      return { body: { kind: 'digest', sha256 }, needsBody: false };
    }
    const matches = (bytes: Uint8Array) => {
      const received = { ...environment, body: bytes, hasBody: true, known: nothing.known };
      return present.every(({ leaf, text }) => leaf.expression.make(received) === text);
    };
    return { body: { kind: 'bytes', matches }, needsBody: false };
  }

  function signedHeadersOf(text: string | undefined): readonly string[] {
    if (text === undefined) return [];
    const names = text.split(forms.separator);
    // Strictly ascending, so that one set of headers has one spelling and none is named twice.
    if (!names.every((one, i) => isSignable(one) && (i === 0 || one > (names[i - 1] ?? '')))) {
      malformed('The signed headers must be named in lower case, sorted, each once');
    }
    return names;
  }
}

const malformed = (message: string): never => fail('malformed_field', `${message}.`);

function readCarrier(carrier: Carrier, text: string | null): readonly Found[] {
  const { name, leaves, optional } = carrier;
  if (text === null || (text === '' && optional)) {
    return optional ? leaves.map((leaf) => ({ leaf, text: undefined })) : malformed(`${name} is missing`);
  }
  return (
    carrier.read(text) ??
    malformed(`${name} is not as the scheme writes it, or repeated: found ${text.length} characters`)
  );
}

/** What each value is, where all that carry it agree; as the leaf's `read` gives it. */
function agreed(found: readonly Found[]): ReadonlyMap<string, string> {
  const values = new Map<string, string | undefined>();
  for (const { leaf, text } of found) {
    const value = text === undefined ? undefined : leaf.read(text);
    if (text !== undefined && value === undefined)
      malformed(`${leaf.expression.key} is not written as the scheme writes it`);
    if (values.has(leaf.id) && values.get(leaf.id) !== value)
      malformed(`${leaf.expression.key} is carried twice, and differs`);
    values.set(leaf.id, value);
  }
  return new Map([...values].flatMap(([id, value]) => (value === undefined ? [] : [[id, value] as const])));
}
