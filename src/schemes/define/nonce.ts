import { fail } from '../../core/errors.ts';
import type { DefinedNonce, NonceForm as NonceFormName } from './definition.ts';

/** Writes a nonce, and defines its grammar. */
export type NonceForm = {
  /**
   * Converts the nonce of a signer to this form: hex may become a UUID or digits, and long nonces are cut.
   *
   * @throws SignatureError `invalid_configuration` for a nonce that cannot be converted.
   */
  write(given: string): string;
  readonly pattern: string;
  /** The characters in use, in the syntax of a character class. */
  readonly characters: string;
  /** Whether every nonce has the same length. */
  readonly fixed: boolean;
};

const uuid = '[\\da-f]{8}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{12}';
const characters: Readonly<Record<NonceFormName, string>> = {
  base64url: '\\w\\-',
  hex: '\\da-f',
  uuid: '\\da-f\\-',
  digits: '\\d',
};

/** The names of all forms. */
export const nonceNames: readonly string[] = Object.keys(characters);

/** The alphabet of nonces and their length in characters. */
export type NonceRange = { readonly form: NonceFormName; readonly min: number; readonly max: number };

/**
 * Resolves the form of a nonce.
 *
 * @throws SignatureError `invalid_configuration` for invalid lengths.
 */
export function nonceRange(defined: DefinedNonce): NonceRange {
  const { form, min, max } = typeof defined === 'string' ? { form: defined, min: 16, max: 128 } : defined;
  if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && min <= max && max <= 512)) {
    fail(
      'invalid_configuration',
      'nonce: min and max must be whole numbers from 1 to 512, and min must not exceed max.',
    );
  }
  return { form, min, max };
}

/** Creates the functions for nonces of a form. */
export function nonceForm({ form, min, max }: NonceRange): NonceForm {
  const pattern = form === 'uuid' ? uuid : `[${characters[form]}]{${min},${max}}`;
  const exact = new RegExp(`^${pattern}$`);
  return {
    write(given) {
      const nonce = writers[form](given);
      const fitting = form === 'uuid' ? nonce : nonce.slice(0, max);
      if (exact.test(fitting)) return fitting;
      return fail(
        'invalid_configuration',
        `The nonce cannot be written as ${form} of ${min} to ${max} characters, which the scheme demands.`,
      );
    },
    pattern,
    characters: characters[form],
    fixed: form === 'uuid' || min === max,
  };
}

const asGiven = (given: string): string => given;

const writers: Readonly<Record<NonceFormName, (given: string) => string>> = {
  base64url: asGiven,
  hex: asGiven,
  // UUID version 4, RFC 9562 section 5.4.
  uuid: (given) =>
    given.replace(
      /^([\da-f]{8})([\da-f]{4})[\da-f]([\da-f]{3})([\da-f])([\da-f]{3})([\da-f]{12})$/,
      (_, a, b, c, variant, d, e) => `${a}-${b}-4${c}-${'89ab'[Number.parseInt(variant, 16) & 3]}${d}-${e}`,
    ),
  // Reversed, because the leading digits of a number below 2^128 are not uniformly distributed.
  digits: (given) =>
    /^[\da-f]{32}$/.test(given) && !/^\d+$/.test(given) ? [...`${BigInt(`0x${given}`)}`].reverse().join('') : given,
};
