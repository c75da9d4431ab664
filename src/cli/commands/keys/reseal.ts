import { resealKeys } from '../../../server/keys/reseal-keys.ts';
import { atRestOptions, sealerAtRest } from '../../at-rest.ts';
import { command } from '../../command.ts';
import { databaseOptions } from '../../database.ts';
import { printFor, printNotice } from '../../output.ts';
import { withTable } from './open-keys.ts';

export const keysReseal = command({
  name: 'keys reseal',
  summary: 'Seals every secret anew that an older sealing key sealed',
  options: { ...databaseOptions, 'sealing-key-file': atRestOptions['sealing-key-file'] },
  details: [
    'Give the new sealing key first and the old ones after it, to this command as to every server:',
    '  COUNTERSIGN_SEALING_KEY=2027:…,2026:…',
    'Servers go on meanwhile. The old key may go once this has exited with 0.',
  ].join('\n'),
  examples: ['keys reseal'],
  async run(given) {
    const sealer = await sealerAtRest(given);
    const result = await withTable(given, (table) => resealKeys({ table, sealer }));
    const { keys, resealed, unopened } = result;
    printFor(given, { value: result, text: `Of ${keys} keys, ${resealed} secrets are sealed anew.` });
    if (!unopened.length) return 0;
    if (!given.json) {
      printNotice('These can be opened by none of the sealing keys, and stay as they are:');
      for (const { accessKey, id } of unopened) printNotice(`  ${accessKey} ${id}`);
    }
    return 3;
  },
});
