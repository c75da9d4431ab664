import { fail } from '../core/errors.ts';
import { didYouMean } from './nearest.ts';

/** The names of all options of a type, so that the compiler finds one that is missing or too many. */
export type OptionNames<Options> = Readonly<Record<Extract<keyof Options, string>, true>>;

/**
 * Refuses options that do not exist: a misspelt `tolerance` would leave the default in force.
 *
 * @param where what the options belong to, for the message.
 * @throws SignatureError `invalid_configuration`
 */
export function requireKnownOptions<Options extends object>(
  options: Options,
  names: OptionNames<Options>,
  where: string,
): void {
  const known = Object.keys(names);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    fail(
      'invalid_configuration',
      `${where} has no option ${JSON.stringify(name.slice(0, 64))}.${didYouMean(name, known)}`,
    );
  }
}
