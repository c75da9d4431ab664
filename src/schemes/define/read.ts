import { fail } from '../../core/errors.ts';
import { type Message, refuseRepeated } from '../../core/message.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import type { Carrier, Found } from './carrier.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import { describeCoverage } from './coverage.ts';
import { createEmptyHeaderCheck } from './empty-headers.ts';
import { type Environment, toBasic } from './fields.ts';
import { readSignatures } from './grammar.ts';
import { describeBody, knownDigests, presentBody } from './presented-body.ts';
import { endsWith, parameterValues, withoutParameters } from './query.ts';
import { createDerivation, dateOf, emptyEnvironment } from './sign.ts';
import { isSignable } from './signed-headers.ts';
import type { TimestampForm } from './timestamp.ts';

/** Creates the verifying half of a compiled definition. */
export function createReader(compiled: CompiledDefinition): (message: Message) => PresentedSignature {
  const { name, forms, stringToSign, headers, query, signaturePosition } = compiled;
  const coverage = describeCoverage(compiled);
  const refuseEmptyHeaders = createEmptyHeaderCheck(compiled);
  const names = query.map((one) => one.name);
  const signatureNames = query.filter(({ signature }) => signature).map((one) => one.name);

  return (message) => {
    const found = readCarriers(message);
    const values = mergeValues(found);
    const text = (id: string) => values.get(id) ?? '';
    const { time, date } = readTime(values, forms.timestamp);
    const { method } = message;
    const uses = coverage.bodyUses.filter(({ methods }) => !methods || methods.includes(method));
    const described = describeBody(uses, found);
    const environment: Environment = {
      message,
      target: withoutParameters(message.rawTarget, signatureNames),
      accessKey: text('accessKey'),
      timestamp: text('timestamp'),
      date,
      nonce: text('nonce'),
      sessionToken: values.get('sessionToken'),
      challenge: values.get('challenge'),
      signature: '',
      body: emptyEnvironment.body,
      signedHeaders: parseSignedHeaders(values.get('signedHeaders')),
      hasBody: described.checked.length > 0,
      known: knownDigests(described, values),
    };
    refuseEmptyHeaders(environment);
    return {
      accessKey: values.get('accessKey'),
      time: coverage.fields.has('timestamp') ? time : undefined,
      nonce: coverage.fields.has('nonce') ? values.get('nonce') : undefined,
      challenge: coverage.fields.has('challenge') ? values.get('challenge') : undefined,
      signatures: readSignatures(text('signature')),
      stringToSign: described.needsBody
        ? (bytes) =>
            stringToSign.make({ ...environment, body: bytes, hasBody: bytes.length > 0, known: emptyEnvironment.known })
        : stringToSign.make(environment),
      ...createDerivation(compiled, environment),
      signedHeaders: [...coverage.headers, ...(coverage.additional ? environment.signedHeaders : [])],
      body: presentBody(described, environment),
    };
  };

  function readCarriers(message: Message): readonly Found[] {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern must find
    if (/[\x00-\x20\x7f]/.test(message.rawTarget)) malformed('The request target contains a control character');
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
          `The request is not signed with the scheme ${name}: ${carrier.name} is missing or has another form.`,
          401,
        );
      }
    }
    if (signatureNames.length && signaturePosition === 'end' && !endsWith(message.rawTarget, signatureNames)) {
      malformed(`The query does not end in ${signatureNames.join(', ')}`);
    }
    return carried.flatMap(({ carrier, text }) => readCarrier(carrier, text));
  }

  function parseSignedHeaders(text: string | undefined): readonly string[] {
    if (text === undefined) return [];
    const names = text.split(forms.separator);
    // Strictly ascending, so that each set of headers has one spelling and no name is repeated.
    if (!names.every((one, i) => isSignable(one) && (i === 0 || one > (names[i - 1] ?? '')))) {
      malformed('The signed headers must be named in lower case, sorted, without repeats');
    }
    return names;
  }
}

/** Reads the timestamp. A carried date must be that of the timestamp. */
function readTime(
  values: ReadonlyMap<string, string>,
  form: TimestampForm,
): { readonly time: number | undefined; readonly date: string } {
  const text = values.get('timestamp');
  if (text === undefined) return { time: undefined, date: '' };
  const time = form.read(text) ?? malformed('The timestamp is malformed or an impossible date');
  const date = dateOf(time);
  const { date: long = date, dateBasic: short = toBasic(date) } = Object.fromEntries(values);
  if (long !== date || short !== toBasic(date)) malformed('The date is not that of the timestamp');
  return { time, date };
}

const malformed = (message: string): never => fail('malformed_field', `${message}.`);

function readCarrier(carrier: Carrier, text: string | null): readonly Found[] {
  const { name, leaves, optional } = carrier;
  if (text === null || (text === '' && optional)) {
    return optional ? leaves.map((leaf) => ({ leaf, text: undefined })) : malformed(`${name} is missing`);
  }
  return (
    carrier.read(text) ??
    malformed(`${name} does not have the form of the scheme, or is repeated: found ${text.length} characters`)
  );
}

/** Merges the values, which must agree wherever they are carried. Values are in the form that the `read` of a leaf returns. */
function mergeValues(found: readonly Found[]): ReadonlyMap<string, string> {
  const values = new Map<string, string | undefined>();
  for (const { leaf, text } of found) {
    const value = text === undefined ? undefined : leaf.read(text);
    if (text !== undefined && value === undefined)
      malformed(`${leaf.expression.key} does not have the form of the scheme`);
    if (values.has(leaf.id) && values.get(leaf.id) !== value)
      malformed(`${leaf.expression.key} is carried twice, with different values`);
    values.set(leaf.id, value);
  }
  return new Map([...values].flatMap(([id, value]) => (value === undefined ? [] : [[id, value] as const])));
}
