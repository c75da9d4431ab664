import { fail } from '../core/errors.ts';
import type { Parameters } from './structured-fields.ts';

/**
 * A time among the parameters of a signature: whole seconds since 1970; undefined where it is absent.
 *
 * @throws SignatureError `malformed_field`
 */
export function integerIn(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0)) {
    return fail('malformed_field', `The parameter ${name} must be whole seconds since 1970.`);
  }
  return value;
}

/**
 * A text among the parameters of a signature; undefined where it is absent.
 *
 * @throws SignatureError `malformed_field`
 */
export function stringIn(parameters: Parameters, name: string, pattern: RegExp): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (!(typeof value === 'string' && pattern.test(value))) {
    return fail('malformed_field', `The parameter ${name} must be a string in quotes, of ${pattern.source}.`);
  }
  return value;
}
