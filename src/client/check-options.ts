import { fail } from '../core/errors.ts';

/**
 * Checks the names of options.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, and for a value that is no object, such as a `fetch`.
 */
export function checkOptions(where: string, options: object, names: RegExp): void {
  const type = typeof options;
  const unknown = type === 'object' ? Object.keys(options).find((name) => !names.test(name)) : type;
  if (unknown) fail('invalid_configuration', `${where} takes no ${unknown}.`);
}
