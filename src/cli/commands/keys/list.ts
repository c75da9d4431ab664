import { fail } from '../../../core/errors.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { columns, printable, printFor, printNotice, styled } from '../../output.ts';
import { type ShownKey, toShownKey } from './key-shown.ts';
import { withTable } from './open-keys.ts';
import { describeSessions } from './show.ts';

export const keysList = command({
  name: 'keys list',
  summary: 'Lists access keys, without secrets',
  options: {
    service: { type: 'text', value: 'NAME', help: 'Only keys of this owner.' },
    limit: { type: 'text', value: 'COUNT', help: 'Maximum number of keys. Default: 100.' },
    after: { type: 'text', value: 'KEY', help: 'Only keys that sort after this access key.' },
    ...databaseOptions,
  },
  examples: ['keys list --service shop', 'keys list --json | jq -r .keys[].accessKey'],
  async run(given) {
    const limit = limitOf(given.limit ?? '100');
    return withTable(given, async (table) => {
      const { service, after } = given;
      const found = await table.list({
        // One more than is shown, to find out whether there are more.
        limit: limit + 1,
        ...(service !== undefined && { service }),
        ...(after !== undefined && { after }),
      });
      const now = Date.now();
      const shown = found.slice(0, limit).map((key) => toShownKey(key, now));
      const next = found.length > limit ? shown.at(-1)?.accessKey : undefined;
      const text = shown.length ? toTable(shown) : 'There are no such keys.';
      printFor(given, { value: { keys: shown, ...(next !== undefined && { next }) }, text });
      if (next !== undefined && !given.json) printNotice(`There are more: --after ${printable(next)}`);
      return 0;
    });
  },
});

function limitOf(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= 10_000 ? limit : fail('invalid_configuration', '--limit must be 1 to 10000.');
}

function toTable(keys: readonly ShownKey[]): string {
  const heading = ['ACCESS KEY', 'SERVICE', 'ENVIRONMENT', 'STATE', 'SECRETS', 'SESSIONS', 'CREATED', 'LAST USED'];
  const [first = '', ...rows] = columns([heading, ...keys.map(row)]).split('\n');
  return [styled('bold', first), ...rows].join('\n');
}

const row = (key: ShownKey): readonly string[] => [
  printable(key.accessKey),
  printable(key.service),
  printable(key.environment),
  key.state,
  key.secrets
    .map(({ state }) => state)
    .filter((state) => state !== 'revoked')
    .join(', ') || 'none',
  describeSessions(key.sessions),
  key.createdAt.slice(0, 10),
  key.lastUsedAt?.slice(0, 10) ?? 'never',
];
