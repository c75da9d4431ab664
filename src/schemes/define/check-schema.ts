import { fail } from '../../core/errors.ts';
import type { SchemeDefinition } from './definition.ts';
import { encodings } from './encodings.ts';
import { didYouMean } from './invalid-definition.ts';
import { macSizes } from './keys.ts';
import { nonceNames } from './nonce.ts';
import { timestampNames } from './timestamp.ts';

type Check = (given: unknown, where: string) => void;

const wrong = (where: string, expected: string): never =>
  fail('invalid_configuration', `${where} must be ${expected}.`);

const text: Check = (given, where) => {
  if (typeof given !== 'string') wrong(where, 'a text');
};

const matching =
  (pattern: RegExp, expected: string): Check =>
  (given, where) => {
    if (typeof given !== 'string' || !pattern.test(given)) wrong(where, expected);
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
  if (typeof given !== 'number') wrong(where, 'a number');
};

const isObject = (given: unknown): given is object =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** An object with these keys, of which `required` may not be missing. */
const shaped =
  (checks: Readonly<Record<string, Check>>, required: readonly string[]): Check =>
  (given, where) => {
    if (!isObject(given)) return wrong(where || 'A definition', 'an object');
    const within = (key: string) => (where ? `${where}.${key}` : key);
    const names = Object.keys(checks);
    for (const [key, value] of Object.entries(given)) {
      if (!names.includes(key)) {
        fail('invalid_configuration', `A definition has no key ${within(key)}${didYouMean(key, names)}.`);
      }
      if (value !== undefined) checks[key]?.(value, within(key));
    }
    const missing = required.find((key) => (given as Readonly<Record<string, unknown>>)[key] === undefined);
    if (missing) fail('invalid_configuration', `The definition lacks ${within(missing)}.`);
  };

const named =
  (pattern: RegExp, expected: string): Check =>
  (given, where) => {
    if (!isObject(given)) return wrong(where, 'an object of texts');
    for (const [name, value] of Object.entries(given)) {
      if (!pattern.test(name)) fail('invalid_configuration', `${where}: "${name}" is no name: ${expected}.`);
      text(value, `${where}.${name}`);
    }
    const names = Object.keys(given).map((name) => name.toLowerCase());
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) fail('invalid_configuration', `${where} has ${twice} twice.`);
  };

const texts: Check = (given, where) => {
  if (!Array.isArray(given) || !given.length) return wrong(where, 'a list of texts');
  for (const [i, one] of given.entries()) text(one, `${where}.${i}`);
};

const orObject =
  (name: Check, object: Check): Check =>
  (given, where) =>
    (isObject(given) ? object : name)(given, where);

const encoding = oneOf(Object.keys(encodings));
const nonce = oneOf(nonceNames);

const definition = shaped(
  {
    name: matching(/^[a-z\d][\w.-]{0,63}$/, '1 to 64 of a-z 0-9 . _ -'),
    algorithm: oneOf(Object.keys(macSizes)),
    signature: encoding,
    secret: oneOf(['utf8', 'hex', 'base64', 'base64url']),
    timestamp: orObject(oneOf(timestampNames), shaped({ pattern: text }, ['pattern'])),
    nonce: orObject(nonce, shaped({ form: nonce, min: number, max: number }, ['form', 'min', 'max'])),
    signedHeaders: shaped({ separator: matching(/^[ ,;:&]{1,4}$/, 'of spaces and , ; : &'), line: text }, [
      'separator',
      'line',
    ]),
    values: named(/^[A-Za-z]\w{0,63}$/, 'letters, digits and _'),
    stringToSign: text,
    key: shaped({ prefix: text, steps: texts, encoding }, ['steps']),
    // A token, RFC 9110 section 5.6.2, without what templates could not name.
    headers: named(/^[\w!#$%&'*+.^`~-]{1,128}$/, 'a header is named by a token'),
    query: named(/^[\w.~-]{1,128}$/, 'letters, digits and . _ ~ -'),
  },
  ['name', 'stringToSign'],
);

/**
 * Checks that a value, of which JSON may be the origin, has the keys of a definition and no others.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkSchema(given: unknown): asserts given is SchemeDefinition {
  definition(given, '');
}
