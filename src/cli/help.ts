import { documentation } from '../core/errors.ts';
import { type Command, commonOptions, type Option, type Options } from './command.ts';
import { columns, styled } from './output.ts';

/** What `countersign --help` says. */
export function overview(commands: readonly Command[]): string {
  return [
    'Signs HTTP requests, verifies them, says why a signature does not match, and keeps the keys.',
    section('Usage', ['countersign COMMAND [options]']),
    section('Commands', [columns(commands.map(({ name, summary }) => [name, summary]))]),
    section('Examples', [
      'countersign credentials >> .env',
      'countersign sign https://api.example.com/orders --format curl',
      'countersign help sign',
    ]),
    section('Options', ['--help     of a command, or this', '--version  of this program']),
    section('Environment', [
      columns([
        ['COUNTERSIGN_DATABASE_URL', 'where keys are: postgres://…, mysql://… or a file of SQLite'],
        ['COUNTERSIGN_SEALING_KEY', 'what seals the secrets there: NAME:KEY, the current one first'],
        ['COUNTERSIGN_MASTER_SECRET', 'instead of it: what secrets are derived from'],
        ['COUNTERSIGN_REDIS_URL', 'where a gateway remembers nonces: redis://…'],
        ['COUNTERSIGN_ACCESS_KEY', 'whose signature is made or verified'],
        ['COUNTERSIGN_SECRET', 'with which secret'],
        ['COUNTERSIGN_SESSION_TOKEN', 'what goes with temporary credentials of AWS'],
        ['NO_COLOR', 'prints no colours'],
      ]),
    ]),
    section('Exit status', [
      columns([
        ['0', 'done, or verified'],
        ['1', 'refused: not verified, or a key that does not exist or is revoked'],
        ['2', 'something given is wrong or missing'],
        ['3', 'the database, its driver or what opens secrets is out of reach'],
        ['70', 'a defect of this program'],
      ]),
    ]),
    section('Documentation', [`${documentation}/command-line.md`]),
  ].join('\n\n');
}

/** What `countersign COMMAND --help` says. */
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
