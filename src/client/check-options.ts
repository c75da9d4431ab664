import { fail } from '../core/errors.ts';

/**
 * Refuses options that do not exist, and anything but an object of options, such as a `fetch`.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkOptions(where: string, options: object, names: RegExp): void {
  const type = typeof options;
  const unknown = type === 'object' ? Object.keys(options).find((name) => !names.test(name)) : type;
  if (unknown) fail('invalid_configuration', `${where} takes no ${unknown}.`);
}
