import { generateCredentials } from '../../core/credentials.ts';
import { command } from '../command.ts';
import { printFor } from '../output.ts';

export const newCredentials = command({
  name: 'credentials',
  summary: 'Generates an access key and a secret, without a database',
  options: {
    environment: { type: 'text', value: 'NAME', help: "Lower-case letters and digits, such as test. Default: 'live'." },
  },
  details: [
    'The output is two lines for a .env file. With --json, countersign sign accepts it as --credentials.',
    'No server knows the pair yet: add it to memoryKeys(), or to your own key store.',
    'It is also printed to pipes and files. For a key in a database, use keys create.',
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
