import { prepareRedisReplay } from '../../redis.ts';
import { command } from '../command.ts';
import { printFor } from '../output.ts';
import { redisOptions, withRedis } from '../redis.ts';

export const prepareRedis = command({
  name: 'prepare-redis',
  summary: 'Marks a new Redis as empty, so that a gateway accepts requests at once',
  options: redisOptions,
  details: [
    'Without this, a gateway with a new Redis refuses every request for the length of the tolerance.',
    'Run it once, when Redis is new, and never after Redis has lost data.',
  ].join('\n'),
  examples: ['prepare-redis --redis redis://127.0.0.1:6379'],
  run: (given) =>
    withRedis(given, async (send) => {
      const { 'redis-prefix': prefix } = given;
      await prepareRedisReplay(send, prefix === undefined ? {} : { prefix });
      printFor(given, { value: { prepared: true }, text: 'Redis is ready to remember nonces.' });
      return 0;
    }),
});
