import { fail } from '../core/errors.ts';
import { namesOf } from '../core/names-of.ts';
import { didYouMean } from './did-you-mean.ts';

/** The names of all options of a type. The compiler reports a name that is missing or unknown. */
export type OptionNames<Options> = Readonly<Record<Extract<keyof Options, string>, true>>;

/**
 * Refuses unknown options: with a misspelt `tolerance`, the default would apply unnoticed. Getters and methods of a class are options
 * too.
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
  for (const name of namesOf(options)) {
    if (Object.hasOwn(names, name)) continue;
    fail(
      'invalid_configuration',
      `${where} has no option ${JSON.stringify(name.slice(0, 64))}.${didYouMean(name, known)}`,
    );
  }
}

/**
 * Refuses unknown options, and returns the others as a plain object.
 *
 * @throws SignatureError `invalid_configuration`, as {@link requireKnownOptions}.
 */
export function readOptions<Options extends object>(
  options: Options,
  names: OptionNames<Options>,
  where: string,
): Options {
  requireKnownOptions(options, names, where);
  return copyKnown(options, names);
}

/**
 * Copies an object to a plain one. A spread alone leaves out what is no property of the object itself, such as a getter of its class,
 * and so would drop a restriction.
 */
export function copyKnown<Given extends object>(given: Given, names: OptionNames<Given>): Given {
  const found = (Object.keys(names) as (keyof Given)[]).filter((name) => name in given);
  return { ...given, ...Object.fromEntries(found.map((name) => [name, given[name]])) };
}
