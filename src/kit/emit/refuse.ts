import { fail } from '../../core/errors.ts';

/**
 * Refuses what a client in a language cannot say.
 *
 * @throws SignatureError `invalid_configuration`
 */
export const cannotSay = (language: string, what: string): never =>
  fail('invalid_configuration', `A client in ${language} cannot be made from this definition: it cannot say ${what}.`);
