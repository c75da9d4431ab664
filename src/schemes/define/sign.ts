import { utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { DeriveKey, PreparedSignature, SignatureInput, SignedBody } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import type { Carrier } from './carrier.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { encodings } from './encodings.ts';
import type { Environment } from './fields.ts';
import { hmacOfBytes } from './keys.ts';
import { withoutParameters, withParameters } from './query.ts';

/** What both halves make a string to sign from, where nothing is known yet. */
export const nothing: Omit<Environment, 'message' | 'target'> = {
  accessKey: '',
  timestamp: '',
  nonce: '',
  sessionToken: undefined,
  challenge: undefined,
  signature: '',
  signedHeaders: [],
  hasBody: false,
  body: new Uint8Array(),
  known: new Map(),
};

/** The signing half of a compiled definition. */
export function createPreparer(compiled: CompiledDefinition): (input: SignatureInput) => PreparedSignature {
  const { forms, stringToSign, headers, query, encoding } = compiled;
  const names = query.map(({ name }) => name);
  const isCarried = (field: string) =>
    [...headers, ...query].some(({ leaves }) => leaves.some(({ id }) => id === field));
  const carriesTime = isCarried('timestamp');
  const carriesNonce = isCarried('nonce');
  const mustAnswer = [...headers, ...query].some(({ compiled: { parts } }) =>
    parts.some((part) => part.kind === 'value' && part.expression.field === 'challenge'),
  );

  return (input) => {
    const { message } = input;
    const { sessionToken, challenge, signedHeaders, accessKey } = input;
    const { hasBody, body, known: digests } = bodyOf(input.body);
    // Each by its name: copying objects costs more than the rest of the preparation.
    const known: Environment = {
      message,
      target: withoutParameters(message.rawTarget, names),
      accessKey,
      timestamp: carriesTime ? timestampOf(input.time) : '',
      nonce: carriesNonce ? forms.nonce.write(input.nonce) : '',
      sessionToken,
      // What no server has issued: it is refused, and with that the first challenge comes.
      challenge: challenge ?? (mustAnswer ? 'none' : undefined),
      signature: '',
      signedHeaders,
      hasBody,
      body,
      known: digests,
    };
    const early = written(
      query.filter(({ signature }) => !signature),
      known,
    );
    const environment = names.length ? { ...known, target: withParameters(known.target, early) } : known;
    const withSignature = (signature: Uint8Array) => ({ ...environment, signature: encoding.write(signature) });
    return {
      stringToSign: stringToSign.make(environment),
      ...createDerivation(compiled, environment),
      headers: (signature) =>
        Object.fromEntries(written(headers, withSignature(signature)).map(({ name, value }) => [name, value])),
      ...(names.length && {
        target: (signature: Uint8Array) =>
          withParameters(
            environment.target,
            written(
              query.filter((one) => one.signature),
              withSignature(signature),
            ),
          ),
      }),
    };
  };

  function timestampOf(time: number): string {
    const text = forms.timestamp.write(time);
    if (forms.timestamp.read(text) === undefined) {
      fail('invalid_configuration', 'clock must return milliseconds, within what the scheme can write as a timestamp.');
    }
    return text;
  }
}

const written = (carriers: readonly Carrier[], environment: Environment) =>
  carriers
    .map(({ name, compiled }) => ({ name, value: `${compiled.make(environment)}` }))
    .filter(({ value }) => value !== '');

function bodyOf(body: SignedBody): Pick<Environment, 'hasBody' | 'body' | 'known'> {
  const { body: empty, known } = nothing;
  if (body.kind === 'none') return { hasBody: false, body: empty, known };
  if (body.kind === 'bytes') return { hasBody: true, body: body.bytes, known };
  if (body.kind === 'digest') return { hasBody: true, body: empty, known: new Map([['body|sha256', body.sha256]]) };
  return fail('invalid_configuration', 'The scheme has no place for a body that is left unsigned.');
}

/** How the key of one signature is derived; nothing where it is the caller's own. */
export function createDerivation(
  { keySteps, keyEncoding, forms }: CompiledDefinition,
  environment: Environment,
): { readonly deriveKey?: DeriveKey } {
  if (!keySteps.length) return {};
  const steps = keySteps.map((step) => step.make(environment));
  const keyOf = (bytes: Uint8Array): SigningKey =>
    hmacOfBytes(forms.algorithm, keyEncoding ? utf8(encodings[keyEncoding].write(bytes)) : bytes);
  return {
    deriveKey: (key) =>
      steps.reduce<SigningKey | Promise<SigningKey>>((current, step) => {
        const data = typeof step === 'string' ? utf8(step) : step;
        if ('then' in current) return current.then(async (made) => keyOf(await made.sign(data)));
        const made = current.sign(data);
        return 'then' in made ? made.then(keyOf) : keyOf(made);
      }, key),
  };
}
