import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { printFor } from '../../output.ts';
import { withSecretlessKeys } from './open-keys.ts';

export const keysDelete = command({
  name: 'keys delete',
  summary: 'Deletes a key and all its secrets',
  operands: [{ name: 'ACCESS_KEY', help: 'the key' }],
  options: databaseOptions,
  details: [
    'No record of its owner remains. To end a key that may still be in use, revoke it instead:',
    'the audit then names its service.',
  ].join('\n'),
  examples: ['keys delete csign_ak_live_…'],
  run: (given, [accessKey = '']) =>
    withSecretlessKeys(given, async (keys) => {
      await keys.delete(accessKey);
      printFor(given, { value: { accessKey, deleted: true }, text: `The key ${accessKey} is deleted.` });
      return 0;
    }),
});
