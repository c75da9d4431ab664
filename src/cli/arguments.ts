import { parseArgs } from 'node:util';
import { fail } from '../core/errors.ts';
import { didYouMean } from '../server/did-you-mean.ts';
import { type Command, commonOptions, type Options, type OptionValues } from './command.ts';

/** The parsed arguments of a command. */
export type Arguments = {
  readonly given: OptionValues<Options & typeof commonOptions>;
  readonly operands: readonly string[];
};

/**
 * Parses the arguments of a command. Unknown options are refused: one may be a misspelt option that matters.
 *
 * @throws SignatureError `invalid_configuration`. The message never quotes a value, which may be a secret.
 */
export function parseArguments({ name, options, operands = [] }: Command, args: readonly string[]): Arguments {
  const known: Options = { ...options, ...commonOptions };
  const { values, positionals, tokens } = parse(name, known, args);
  const once = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || known[token.name]?.type === 'list') continue;
    if (once.has(token.name)) wrong(name, `--${token.name} is given twice.`);
    once.add(token.name);
  }
  const given = Object.fromEntries(
    Object.entries(known).map(([option, { type }]) => [
      option,
      values[option] ?? (type === 'flag' ? false : type === 'list' ? [] : undefined),
    ]),
  );
  if (!given.help) {
    const missing = operands.find(({ optional }, place) => !optional && positionals[place] === undefined);
    if (missing) wrong(name, `${missing.name} is missing: ${missing.help}.`);
    if (positionals.length > operands.length && !operands.at(-1)?.rest) {
      wrong(name, `Found ${positionals.length} arguments that are not options, expected ${operands.length}.`);
    }
  }
  return { given: given as Arguments['given'], operands: positionals };
}

function parse(name: string, known: Options, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(known).map(([option, { type, short }]) => [
      option,
      { type: type === 'flag' ? 'boolean' : 'string', multiple: type === 'list', ...(short && { short }) } as const,
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    const [fault = ''] = String((error as Error).message).split(/(?<=')\. |\n/);
    const secret = /'--?[\w-]*(?:secret|password|passphrase)/i.test(fault)
      ? ' Never pass a secret as an argument: shell history and process lists show it.'
      : '';
    const [, unknown = ''] = /^Unknown option '--([\w-]+)/.exec(fault) ?? [];
    const [, dashed] = fault.includes("' argument is ambiguous") ? (/'(?:-\w, )?(--[\w-]+)/.exec(fault) ?? []) : [];
    const hyphen = dashed ? ` Write ${dashed}=VALUE if the value begins with a hyphen.` : '';
    const meant = secret || hyphen || didYouMean(unknown, Object.keys(known), (option) => `--${option}`);
    return wrong(name, `${fault.replace(/\.?$/, '.')}${meant}`);
  }
}

const wrong = (name: string, message: string): never =>
  fail('invalid_configuration', `${message} See: countersign ${name} --help`);
