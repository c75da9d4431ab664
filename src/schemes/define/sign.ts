import { bytesToSign, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { DeriveKey, PreparedSignature, SignatureInput, SignedBody } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import type { Carrier } from './carrier.ts';
import type { CompiledDefinition, CompiledSecret } from './compile-definition.ts';
import { encodings } from './encodings.ts';
import type { Environment } from './fields.ts';
import { isKeyedHash, placeSecret, type SecretPlace } from './keyed-hash.ts';
import { hmacOfBytes } from './keys.ts';
import { withoutParameters, withParameters } from './query.ts';

/** An environment without values, the base for both halves. */
export const emptyEnvironment: Omit<Environment, 'message' | 'target'> = {
  accessKey: '',
  timestamp: '',
  date: '',
  nonce: '',
  sessionToken: undefined,
  challenge: undefined,
  signature: '',
  signedHeaders: [],
  hasBody: false,
  body: new Uint8Array(),
  known: new Map(),
};

/** Whether a challenge is always carried: outside of brackets. A definition in which it is carried and not signed is refused. */
export const requiresChallenge = ({ headers, query }: CompiledDefinition): boolean =>
  [...headers, ...query].some(({ compiled: { parts } }) =>
    parts.some((part) => part.kind === 'value' && part.expression.field === 'challenge'),
  );

/** Creates the signing half of a compiled definition. */
export function createPreparer(compiled: CompiledDefinition): (input: SignatureInput) => PreparedSignature {
  const { forms, stringToSign, headers, query, encoding } = compiled;
  const names = query.map(({ name }) => name);
  const isCarried = (field: string) =>
    [...headers, ...query].some(({ leaves }) => leaves.some(({ id }) => id === field));
  const carriesTime = isCarried('timestamp');
  const carriesNonce = isCarried('nonce');
  const needsChallenge = requiresChallenge(compiled);

  return (input) => {
    const { message } = input;
    const { sessionToken, challenge, signedHeaders, accessKey } = input;
    if (challenge !== undefined) checkChallenge(challenge);
    const { hasBody, body, known: digests } = describeBody(input.body);
    // Listed by name: copying objects costs more than the rest of the preparation.
    const known: Environment = {
      message,
      target: withoutParameters(message.rawTarget, names),
      accessKey,
      timestamp: carriesTime ? writeTimestamp(input.time) : '',
      date: carriesTime ? dateOf(input.time) : '',
      nonce: carriesNonce ? forms.nonce.write(input.nonce) : '',
      sessionToken,
      // No server issues this challenge. The request is refused, and the refusal contains the first real challenge.
      challenge: challenge ?? (needsChallenge ? 'none' : undefined),
      signature: '',
      signedHeaders,
      hasBody,
      body,
      known: digests,
    };
    const unsignedParameters = renderCarriers(
      query.filter(({ signature }) => !signature),
      known,
    );
    const environment = names.length ? { ...known, target: withParameters(known.target, unsignedParameters) } : known;
    const withSignature = (signature: Uint8Array) => ({ ...environment, signature: encoding.write(signature) });
    return {
      stringToSign: stringToSign.make(environment),
      ...createDerivation(compiled, environment),
      headers: (signature) =>
        Object.fromEntries(renderCarriers(headers, withSignature(signature)).map(({ name, value }) => [name, value])),
      ...(names.length && {
        target: (signature: Uint8Array) =>
          withParameters(
            environment.target,
            renderCarriers(
              query.filter((one) => one.signature),
              withSignature(signature),
            ),
          ),
      }),
    };
  };

  function writeTimestamp(time: number): string {
    const text = forms.timestamp.write(time);
    if (forms.timestamp.read(text) === undefined) {
      fail('invalid_configuration', 'clock must return milliseconds, within the range of the timestamp of the scheme.');
    }
    return text;
  }
}

// As `readChallenge` of the client reads one. Anybody in between may have written it: a line break would add lines to what is signed, and
// `&` a parameter to the address.
function checkChallenge(challenge: string): void {
  if (/^[\w.~+/=-]{0,512}$/.test(challenge)) return;
  fail('invalid_request', 'The challenge has a form that no server issues.');
}

/** The date of a time in UTC, as ISO 8601 writes it. */
export const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

const renderCarriers = (carriers: readonly Carrier[], environment: Environment) =>
  carriers
    .map(({ name, compiled }) => ({ name, value: `${compiled.make(environment)}` }))
    .filter(({ value }) => value !== '');

function describeBody(body: SignedBody): Pick<Environment, 'hasBody' | 'body' | 'known'> {
  const { body: empty, known } = emptyEnvironment;
  if (body.kind === 'none') return { hasBody: false, body: empty, known };
  if (body.kind === 'bytes') return { hasBody: true, body: body.bytes, known };
  if (body.kind === 'digest') return { hasBody: true, body: empty, known: new Map([['body|sha256', body.sha256]]) };
  return fail('invalid_configuration', 'The scheme cannot mark a body as unsigned.');
}

/** Returns the derivation of the key of one signature; empty if the key of the caller is used. */
export function createDerivation(
  { keySteps, keyEncoding, forms: { algorithm }, secret }: CompiledDefinition,
  environment: Environment,
): { readonly deriveKey?: DeriveKey } {
  if (secret) return { deriveKey: (key) => placeSecret(key, findPlace(secret, environment)) };
  if (!keySteps.length || isKeyedHash(algorithm)) return {};
  const steps = keySteps.map((step) => step.make(environment));
  return {
    deriveKey(key) {
      const createStepKey = (bytes: Uint8Array): SigningKey =>
        hmacOfBytes(algorithm, keyEncoding ? utf8(encodings[keyEncoding].write(bytes)) : bytes, key.hmac);
      return steps.reduce<SigningKey | Promise<SigningKey>>((current, step) => {
        const data = typeof step === 'string' ? utf8(step) : step;
        if ('then' in current) return current.then(async (made) => createStepKey(await made.sign(data)));
        const made = current.sign(data);
        return 'then' in made ? made.then(createStepKey) : createStepKey(made);
      }, key);
    },
  };
}

const findPlace = ({ side, part }: CompiledSecret, environment: Environment): SecretPlace => ({
  side,
  bytes: bytesToSign(part.make(environment)).length,
});
