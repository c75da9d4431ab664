import { fail } from '../../core/errors.ts';
import type { SchemeDefinition } from './definition.ts';
import { encodings } from './encodings.ts';
import { didYouMean } from './invalid-definition.ts';
import { macSizes } from './keys.ts';
import { nonceNames } from './nonce.ts';
import { timestampNames } from './timestamp.ts';

type Check = (given: unknown, where: string) => void;

const refuse = (where: string, expected: string): never =>
  fail('invalid_configuration', `${where} must be ${expected}.`);

const text: Check = (given, where) => {
  if (typeof given !== 'string') refuse(where, 'a string');
};

const matching =
  (pattern: RegExp, expected: string): Check =>
  (given, where) => {
    if (typeof given !== 'string' || !pattern.test(given)) refuse(where, expected);
  };

const oneOf =
  (names: readonly string[]): Check =>
  (given, where) => {
    if (typeof given !== 'string' || !names.includes(given)) {
      fail(
        'invalid_configuration',
        `${where} must be one of ${names.join(', ')}${didYouMean(typeof given === 'string' ? given : '', names)}.`,
      );
    }
  };

const number: Check = (given, where) => {
  if (typeof given !== 'number') refuse(where, 'a number');
};

const isObject = (given: unknown): given is object =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** Checks an object with these keys, of which `required` must be present. */
const objectOf =
  (checks: Readonly<Record<string, Check>>, required: readonly string[]): Check =>
  (given, where) => {
    if (!isObject(given)) return refuse(where || 'A definition', 'an object');
    const pathTo = (key: string) => (where ? `${where}.${key}` : key);
    const names = Object.keys(checks);
    for (const [key, value] of Object.entries(given)) {
      if (!names.includes(key)) {
        fail('invalid_configuration', `A definition has no key ${pathTo(key)}${didYouMean(key, names)}.`);
      }
      if (value !== undefined) checks[key]?.(value, pathTo(key));
    }
    const missing = required.find((key) => (given as Readonly<Record<string, unknown>>)[key] === undefined);
    if (missing) fail('invalid_configuration', `The definition lacks ${pathTo(missing)}.`);
  };

const recordOf =
  (pattern: RegExp, expected: string): Check =>
  (given, where) => {
    if (!isObject(given)) return refuse(where, 'an object of strings');
    for (const [name, value] of Object.entries(given)) {
      if (!pattern.test(name)) fail('invalid_configuration', `${where}: "${name}" is not a valid name: ${expected}.`);
      text(value, `${where}.${name}`);
    }
    const names = Object.keys(given).map((name) => name.toLowerCase());
    const repeated = names.find((name, i) => names.indexOf(name) !== i);
    if (repeated !== undefined) fail('invalid_configuration', `${where} contains ${repeated} twice.`);
  };

const listOfTexts: Check = (given, where) => {
  if (!Array.isArray(given) || !given.length) return refuse(where, 'a list of strings');
  for (const [i, one] of given.entries()) text(one, `${where}.${i}`);
};

const orObject =
  (name: Check, object: Check): Check =>
  (given, where) =>
    (isObject(given) ? object : name)(given, where);

const encoding = oneOf(Object.keys(encodings));
const nonce = oneOf(nonceNames);

const definition = objectOf(
  {
    name: matching(/^[a-z\d][\w.-]{0,63}$/, '1 to 64 of a-z 0-9 . _ -'),
    algorithm: oneOf(Object.keys(macSizes)),
    signature: encoding,
    secret: oneOf(['utf8', 'hex', 'base64', 'base64url']),
    timestamp: orObject(oneOf(timestampNames), objectOf({ pattern: text }, ['pattern'])),
    nonce: orObject(nonce, objectOf({ form: nonce, min: number, max: number }, ['form', 'min', 'max'])),
    // No character of a header name (RFC 9110 section 5.6.2): with one, matching a list of names takes exponential time.
    signedHeaders: objectOf({ separator: matching(/^[ ,;:]{1,4}$/, '1 to 4 of space , ; :'), line: text }, [
      'separator',
      'line',
    ]),
    values: recordOf(/^[A-Za-z]\w{0,63}$/, 'letters, digits and _'),
    stringToSign: text,
    key: objectOf({ prefix: text, steps: listOfTexts, encoding }, ['steps']),
    // A token, RFC 9110 section 5.6.2, without the characters that templates could not name.
    headers: recordOf(/^[\w!#$%&'*+.^`~-]{1,128}$/, 'a header name must be a token'),
    query: recordOf(/^[\w.~-]{1,128}$/, 'letters, digits and . _ ~ -'),
    signaturePosition: oneOf(['end', 'any']),
  },
  ['name', 'stringToSign'],
);

/**
 * Checks that a value, for example parsed JSON, has the keys of a definition and no others.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkSchema(given: unknown): asserts given is SchemeDefinition {
  definition(given, '');
}
