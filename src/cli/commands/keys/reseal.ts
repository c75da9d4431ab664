import { resealKeys } from '../../../server/keys/reseal-keys.ts';
import { atRestOptions, sealerAtRest } from '../../at-rest.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { printable, printFor, printNotice } from '../../output.ts';
import { withTable } from './open-keys.ts';

export const keysReseal = command({
  name: 'keys reseal',
  summary: 'Seals secrets of older sealing keys again, with the current one',
  options: { ...databaseOptions, 'sealing-key-file': atRestOptions['sealing-key-file'] },
  details: [
    'Give the new sealing key first and the old ones after it, to this command and to every server:',
    '  COUNTERSIGN_SEALING_KEY=2027:…,2026:…',
    'Servers keep running meanwhile. Remove the old key only after this has exited with 0.',
  ].join('\n'),
  examples: ['keys reseal'],
  async run(given) {
    const sealer = await sealerAtRest(given);
    const result = await withTable(given, (table) => resealKeys({ table, sealer }));
    const { keys, resealed, unopened } = result;
    printFor(given, { value: result, text: `Of ${keys} keys, ${resealed} secrets are resealed.` });
    if (!unopened.length) return 0;
    if (!given.json) {
      printNotice('None of the sealing keys opens these secrets, which are unchanged:');
      for (const { accessKey, id } of unopened) printNotice(printable(`  ${accessKey} ${id}`));
    }
    return 3;
  },
});
