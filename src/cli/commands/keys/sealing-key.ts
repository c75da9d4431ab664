import { base64url } from '../../../core/encoding.ts';
import { fail } from '../../../core/errors.ts';
import { command } from '../../command.ts';
import { printFor, printNotice } from '../../output.ts';
import { openSecretOutput, secretOutputOptions } from './secret-output.ts';

export const keysSealingKey = command({
  name: 'keys sealing-key',
  summary: 'Generates a key that seals the secrets in the database',
  options: {
    name: {
      type: 'text',
      value: 'NAME',
      help: 'Its name in sealed secrets. Default: the month, such as 2026-11.',
    },
    ...secretOutputOptions,
  },
  details: [
    'Anyone who has this key and the database has every secret: keep the two apart.',
    'Servers read it with sealerFromText; this program reads COUNTERSIGN_SEALING_KEY or --sealing-key-file.',
  ].join('\n'),
  examples: ['keys sealing-key --out sealing.key'],
  async run(given) {
    const { name = new Date().toISOString().slice(0, 7) } = given;
    if (!/^[\w-]{1,64}$/.test(name)) fail('invalid_configuration', '--name must be 1 to 64 of A-Z a-z 0-9 _ -');
    const output = openSecretOutput(given);
    const key = `${name}:${base64url(crypto.getRandomValues(new Uint8Array(32)))}`;
    output.write(`${key}\n`);
    const { file } = output;
    printFor(given, {
      value: { name, ...(file === undefined ? { key } : { file }) },
      text: file === undefined ? key : `The sealing key ${name} is written to ${file}.`,
    });
    if (file === undefined && !given.json) printNotice('The key is not shown again.');
    return 0;
  },
});
