import { fail, SignatureError } from '../core/errors.ts';
import { didYouMean } from '../server/did-you-mean.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { commandHelp, overview } from './help.ts';
import { hideExperimentalWarnings, print, printable, printNotice, stopAtClosedPipe } from './output.ts';

/**
 * Runs the command that the arguments name.
 *
 * @param args without the program name.
 * @returns the exit status: 0 done, 1 refused, 2 wrong arguments, 3 a store is unavailable, 70 a bug.
 */
export async function main(args: readonly string[], version: string): Promise<number> {
  stopAtClosedPipe();
  hideExperimentalWarnings();
  try {
    return await dispatch(args, version);
  } catch (error) {
    return reportFailure(error, args.includes('--json'));
  }
}

async function dispatch(args: readonly string[], version: string): Promise<number> {
  const [first, ...others] = args;
  if (first === '--version') return done(version);
  if (first === '--help' || first === '-h') return done(overview(commands));
  if (first === 'help') return dispatch([...others, '--help'], version);
  const command = findCommand(args);
  if (!command) return unknownCommand(args);
  const { given, operands } = parseArguments(command, args.slice(command.name.split(' ').length));
  return given.help ? done(commandHelp(command)) : command.run(given, operands);
}

// The longest name: kit is a command, and so is kit serve.
const findCommand = (args: readonly string[]): Command | undefined =>
  commands
    .filter(({ name }) => name.split(' ').every((word, place) => word === args[place]))
    .reduce<Command | undefined>((best, one) => (best && best.name.length > one.name.length ? best : one), undefined);

function unknownCommand([first, second = '']: readonly string[]): number {
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length && /^(?:--help|-h)$/.test(second)) return done(overview(group));
  if (first === undefined) {
    printNotice(overview(commands));
    return 2;
  }
  const meant = nearCommand(first, second);
  // The given word is not quoted: it may be a secret pasted by mistake.
  return group.length
    ? fail(
        'invalid_configuration',
        `${first} needs one of ${wordsAfter(first, group)}.${meant} See: countersign ${first} --help`,
      )
    : fail('invalid_configuration', `There is no such command.${meant} See: countersign --help`);
}

/** Suggests a command whose first word, or first two words, are close to the given ones. */
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

/** Prints an error as text or JSON, and returns the exit status. */
function reportFailure(error: unknown, json: boolean): number {
  const known = error instanceof SignatureError ? error : undefined;
  const code = known?.code ?? 'internal_error';
  const message = known?.message ?? `A bug in this program: ${error instanceof Error ? error.message : error}`;
  const because = known && reasonOf(known);
  const whole = because ? `${message} ${because}` : message;
  // A message may quote a record, a response or a row.
  const shown = printable(whole);
  printNotice(json ? JSON.stringify({ error: { code, message: shown } }) : `countersign: ${shown}`);
  return statusOf(known);
}

// The first line of the cause's message: further lines may quote the query.
function reasonOf({ cause }: SignatureError): string | undefined {
  const message = cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code ?? '') : '';
  const [line] = message.split('\n');
  return line ? `(${line})` : undefined;
}

/** The exit status for an error, by its HTTP status. */
function statusOf(error: SignatureError | undefined): number {
  if (error?.status === 503) return 3;
  if (error?.status === 400) return 2;
  return error && error.status < 500 ? 1 : 70;
}
