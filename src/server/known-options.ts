import { fail } from '../core/errors.ts';
import { didYouMean } from './did-you-mean.ts';

/** The names of all options of a type. The compiler reports a name that is missing or unknown. */
export type OptionNames<Options> = Readonly<Record<Extract<keyof Options, string>, true>>;

/**
 * Refuses unknown options: with a misspelt `tolerance`, the default would apply unnoticed.
 *
 * @param where the function or object that has the options, for the message.
 * @throws SignatureError `invalid_configuration`, also for options that are not an object.
 */
export function requireKnownOptions<Options extends object>(
  options: Options,
  names: OptionNames<Options>,
  where: string,
): void {
  if (typeof options !== 'object' || options === null) {
    fail(
      'invalid_configuration',
      `${where} takes an object, not ${options === null ? 'null' : `a value of type ${typeof options}`}.`,
    );
  }
  const known = Object.keys(names);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    fail(
      'invalid_configuration',
      `${where} has no option ${JSON.stringify(name.slice(0, 64))}.${didYouMean(name, known)}`,
    );
  }
}
