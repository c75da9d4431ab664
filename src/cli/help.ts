import { documentation } from '../core/errors.ts';
import { type Command, commonOptions, type Option, type Options } from './command.ts';
import { columns, styled } from './output.ts';

/** The text of `countersign --help`. */
export function overview(commands: readonly Command[]): string {
  return [
    'Signs and verifies HTTP requests, explains why a signature does not match, and manages keys.',
    section('Usage', ['countersign COMMAND [options]']),
    section('Commands', [columns(commands.map(({ name, summary }) => [name, summary]))]),
    section('Examples', [
      'countersign credentials >> .env',
      'countersign sign https://api.example.com/orders --format curl',
      'countersign help sign',
    ]),
    section('Options', ['--help     prints help, also for a command', '--version  prints the version']),
    section('Environment', [
      columns([
        ['COUNTERSIGN_DATABASE_URL', 'the database of the keys: postgres://…, mysql://… or an SQLite file'],
        ['COUNTERSIGN_SEALING_KEY', 'the keys that seal its secrets: NAME:KEY, the current one first'],
        ['COUNTERSIGN_MASTER_SECRET', 'or the master secret that secrets are derived from'],
        ['COUNTERSIGN_REDIS_URL', 'the Redis that remembers the nonces of a gateway: redis://…'],
        ['COUNTERSIGN_ACCESS_KEY', 'the access key to sign or verify with'],
        ['COUNTERSIGN_SECRET', 'its secret'],
        ['COUNTERSIGN_SESSION_TOKEN', 'the session token of temporary AWS credentials'],
        ['NO_COLOR', 'turns colours off'],
      ]),
    ]),
    section('Exit status', [
      columns([
        ['0', 'done, or verified'],
        ['1', 'refused: not verified, or a key that does not exist or is revoked'],
        ['2', 'an argument or input is wrong or missing'],
        ['3', 'the database, its driver, Redis or a sealing key is unavailable'],
        ['70', 'a bug in this program'],
      ]),
    ]),
    section('Documentation', [`${documentation}/command-line.md`]),
  ].join('\n\n');
}

/** The text of `countersign COMMAND --help`. */
export function commandHelp({ name, summary, details, operands = [], options, examples }: Command): string {
  const usage = [
    `countersign ${name}`,
    ...(Object.keys(options).length ? ['[options]'] : []),
    ...operands.map((operand) => (operand.optional ? `[${operand.name}]` : operand.name)),
  ].join(' ');
  return [
    summary,
    section('Usage', [usage]),
    ...(operands.length ? [section('Arguments', [columns(operands.map((one) => [one.name, one.help]))])] : []),
    section('Options', [columns(Object.entries({ ...options, ...commonOptions } as Options).map(row))]),
    ...(details ? [details] : []),
    section(
      examples.length > 1 ? 'Examples' : 'Example',
      examples.map((example) => `countersign ${example}`),
    ),
    section('Documentation', [`${documentation}/command-line.md#${name.replace(' ', '-')}`]),
  ].join('\n\n');
}

function row([name, { type, help, value = 'VALUE', short }]: readonly [string, Option]): readonly string[] {
  const named = type === 'flag' ? `--${name}` : `--${name} ${value}`;
  return [`${short ? `-${short}, ` : ''}${named}`, type === 'list' ? `${help} Repeatable.` : help];
}

const section = (title: string, lines: readonly string[]): string =>
  [styled('bold', `${title}:`), ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)].join('\n');
