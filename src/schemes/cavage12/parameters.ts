import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { refuseRepeated } from '../../core/message.ts';
import type { Settings } from './settings.ts';

/** The parameters of a signature by name, without quotes. */
export type SignatureParameters = ReadonlyMap<string, string>;

/** In characters. A signature by RSA with 4096 bits over twenty headers takes about 1,200. */
const longest = 4096;

/**
 * Reads the parameters of a signature, sections 2.1 and 3.1 of the draft.
 *
 * @throws SignatureError `missing_signature`, `malformed_field`
 */
export function readParameters({ headers }: Message, { carrier }: Settings): SignatureParameters {
  const value = headers.get(carrier) ?? '';
  const name = carrier === 'authorization' ? 'Authorization' : 'Signature';
  // RFC 9421 has a Signature too, which has no keyId.
  const isOurs = carrier === 'authorization' ? /^Signature /i.test(value) : /(?:^|[ ,])keyId=/.test(value);
  if (!isOurs) fail('missing_signature', `The request has no ${name} of draft-cavage-http-signatures.`, 401);
  refuseRepeated(headers, name);
  if (value.length > longest) fail('malformed_field', `${name} has more than ${longest} characters.`);
  return parse(name, carrier === 'authorization' ? value.slice('Signature '.length) : value);
}

function parse(field: string, text: string): SignatureParameters {
  const parameter = / *([A-Za-z]+)=(?:"([^"\\]*)"|(\d+)) *(,|$)/y;
  const found = new Map<string, string>();
  let separator = ',';
  while (separator === ',') {
    const [, name, quoted, digits, end] = parameter.exec(text) ?? [];
    if (name === undefined) return fail('malformed_field', `${field} must consist of parameters such as keyId="…".`);
    // Section 2.2 of the draft: two of one name could be read differently.
    if (found.has(name)) fail('malformed_field', `${field} has the parameter ${name} twice.`);
    found.set(name, quoted ?? digits ?? '');
    separator = end ?? '';
  }
  return found;
}

/**
 * @throws SignatureError `malformed_field` if the parameter is absent or has another form.
 */
export function requireParameter(parameters: SignatureParameters, name: string, pattern: RegExp): string {
  const value = parameters.get(name);
  if (value === undefined) return fail('malformed_field', `The signature lacks the parameter ${name}.`);
  return pattern.test(value) ? value : fail('malformed_field', `The parameter ${name} has another form.`);
}
