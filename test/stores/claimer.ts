import { Redis } from 'ioredis';
import { redisReplay } from '../../src/redis.ts';

/** Claims one nonce so many times at once, as one of several servers, and prints how many claims were fresh. */
const [, , port, nonce, count] = process.argv;
const client = new Redis({ port: Number(port), host: '127.0.0.1' });
const { claim } = redisReplay({ send: (name = '', ...rest) => client.call(name, ...rest), timeout: 20_000 });
await client.ping();
// All processes begin at the same moment, as far as they can.
await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
const until = Date.now() + 60_000;
const answers = await Promise.all(Array.from({ length: Number(count) }, () => claim('key', nonce ?? '', until)));
console.log(answers.filter((answer) => answer === 'fresh').length, answers.length);
client.disconnect();
