import { fail } from '../../../core/errors.ts';
import { pruneKeys } from '../../../server/keys/prune-keys.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { printable, printFor } from '../../output.ts';
import { parseDuration } from '../../times.ts';
import { withTable } from './open-keys.ts';

export const keysPrune = command({
  name: 'keys prune',
  summary: 'Deletes keys that expired or were revoked long ago',
  options: {
    'ended-for': { type: 'text', value: 'TIME', help: 'How long ago a key must have ended, such as 90d. Required.' },
    'dry-run': { type: 'flag', help: 'Lists these keys without deleting them.' },
    ...databaseOptions,
  },
  examples: ['keys prune --ended-for 90d --dry-run', 'keys prune --ended-for 90d'],
  run(given) {
    const { 'ended-for': age, 'dry-run': dryRun } = given;
    if (age === undefined) return fail('invalid_configuration', 'Give --ended-for, such as 90d.');
    const endedBefore = Date.now() - parseDuration('ended-for', age) * 1000;
    return withTable(given, async (table) => {
      const { keys, deleted } = await pruneKeys({ table, endedBefore, dryRun });
      const verb = dryRun ? 'would be deleted' : 'are deleted';
      printFor(given, {
        value: dryRun ? { keys, found: deleted } : { keys, deleted },
        text: printable(
          [`Of ${keys} keys, ${deleted.length} ${verb}${deleted.length ? ':' : '.'}`, ...deleted].join('\n'),
        ),
      });
      return 0;
    });
  },
});
