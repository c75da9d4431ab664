import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { printFor } from '../../output.ts';
import { withSecretlessKeys } from './open-keys.ts';

export const keysRevoke = command({
  name: 'keys revoke',
  summary: 'Revokes a key, or one of its secrets, at once and permanently',
  operands: [{ name: 'ACCESS_KEY', help: 'the key' }],
  options: {
    id: { type: 'text', value: 'ID', help: 'Revokes only this secret; keys show lists the ids.' },
    ...databaseOptions,
  },
  examples: ['keys revoke csign_ak_live_…', 'keys revoke csign_ak_live_… --id 6f1d2a3b4c5d'],
  run: (given, [accessKey = '']) =>
    withSecretlessKeys(given, async (keys) => {
      const { id } = given;
      await keys.revoke(accessKey, id === undefined ? {} : { secret: id });
      printFor(given, {
        value: { accessKey, ...(id !== undefined && { id }), revoked: true },
        text: id === undefined ? `The key ${accessKey} is revoked.` : `The secret ${id} of ${accessKey} is revoked.`,
      });
      return 0;
    }),
});
