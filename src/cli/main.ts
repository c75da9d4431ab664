import { fail, SignatureError } from '../core/errors.ts';
import { didYouMean } from '../server/nearest.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, overview } from './help.ts';
import { hideExperimentalWarnings, print, printNotice, stopAtClosedPipe } from './output.ts';

/**
 * Runs the command that the arguments name.
 *
 * @param args what stands after the name of the program.
 * @returns the exit status: 0 done, 1 refused, 2 wrongly asked, 3 a store out of reach, 70 a defect.
 */
export async function main(args: readonly string[], version: string): Promise<number> {
  stopAtClosedPipe();
  hideExperimentalWarnings();
  try {
    return await dispatch(args, version);
  } catch (error) {
    return told(error, args.includes('--json'));
  }
}

async function dispatch(args: readonly string[], version: string): Promise<number> {
  const [first, ...others] = args;
  if (first === '--version') return done(version);
  if (first === '--help' || first === '-h') return done(overview(commands));
  if (first === 'help') return dispatch([...others, '--help'], version);
  const command = named(args);
  if (!command) return misnamed(args);
  const { given, operands } = parseArguments(command, args.slice(command.name.split(' ').length));
  return given.help ? done(commandHelp(command)) : command.run(given, operands);
}

const named = (args: readonly string[]): Command | undefined =>
  commands.find(({ name }) => name.split(' ').every((word, place) => word === args[place]));

function misnamed([first, second = '']: readonly string[]): number {
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length && /^(?:--help|-h)$/.test(second)) return done(overview(group));
  if (first === undefined) {
    printNotice(overview(commands));
    return 2;
  }
  const meant = nearCommand(first, second);
  // What was given instead is not quoted: it may have been meant for elsewhere.
  return group.length
    ? fail(
        'invalid_configuration',
        `After ${first} comes one of ${wordsAfter(first, group)}.${meant} See: countersign ${first} --help`,
      )
    : fail('invalid_configuration', `There is no such command.${meant} See: countersign --help`);
}

/** Offers a command whose first word, or first two, are near to what was given. */
function nearCommand(first: string, second: string): string {
  const names = commands.map(({ name }) => name);
  return (
    didYouMean(`${first} ${second}`.trimEnd(), names) ||
    didYouMean(
      first,
      names.filter((name) => !name.includes(' ')),
    )
  );
}

const wordsAfter = (first: string, group: readonly Command[]): string =>
  group.map(({ name }) => name.slice(first.length + 1)).join(', ');

function done(text: string): number {
  print(text);
  return 0;
}

/** Tells an error, as what it is, to people or programs. */
function told(error: unknown, json: boolean): number {
  const known = error instanceof SignatureError ? error : undefined;
  const code = known?.code ?? 'internal_error';
  const message = known?.message ?? `A defect of this program: ${error instanceof Error ? error.message : error}`;
  const because = known && reasonOf(known);
  const whole = because ? `${message} ${because}` : message;
  printNotice(json ? JSON.stringify({ error: { code, message: whole } }) : `countersign: ${whole}`);
  return statusOf(known);
}

// What a database or a file system says: one line, without what it was asked.
function reasonOf({ cause }: SignatureError): string | undefined {
  const said = cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code ?? '') : '';
  const [line] = said.split('\n');
  return line ? `(${line})` : undefined;
}

/** By the HTTP status that a server would answer with: what the caller got wrong, what is refused, and what is out of reach. */
function statusOf(error: SignatureError | undefined): number {
  if (error?.status === 503) return 3;
  if (error?.status === 400) return 2;
  return error && error.status < 500 ? 1 : 70;
}
