import { replayAt } from './durable-object-access.ts';

/** Claims one nonce so many times at once, as one of several servers, and prints how many claims were fresh. */
const [, , url = '', nonce = '', count] = process.argv;
const { claim } = replayAt(url, { options: { timeout: 20_000 } });
await claim('key', `${nonce}-${process.pid}`, Date.now() + 60_000);
// All processes begin at the same moment, as far as they can.
await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
const until = Date.now() + 60_000;
const answers = await Promise.all(Array.from({ length: Number(count) }, () => claim('key', nonce, until)));
console.log(answers.filter((answer) => answer === 'fresh').length, answers.length);
