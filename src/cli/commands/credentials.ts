import { generateCredentials } from '../../core/credentials.ts';
import { command } from '../command.ts';
import { printFor } from '../output.ts';

export const newCredentials = command({
  name: 'credentials',
  summary: 'Makes an access key and its secret, without a database',
  options: {
    environment: { type: 'text', value: 'NAME', help: "Lower-case letters and digits, as 'test'. Without it, 'live'." },
  },
  details: [
    'The output has the two lines of a .env file. With --json, countersign sign takes it as --credentials.',
    'No server knows the pair yet: give it to memoryKeys(), or to a key store of your own.',
    'It is printed into pipes and files too. For a key in a database, use keys create.',
  ].join('\n'),
  examples: ['credentials', 'credentials --environment test >> .env'],
  async run(given) {
    const { environment } = given;
    const { accessKey, secret } = generateCredentials(environment === undefined ? {} : { environment });
    printFor(given, {
      value: { accessKey, secret },
      text: `COUNTERSIGN_ACCESS_KEY=${accessKey}\nCOUNTERSIGN_SECRET=${secret}`,
    });
    return 0;
  },
});
