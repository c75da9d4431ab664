// Runs in the runtime that is measured, and prints one line of JSON for each figure.
import { heldOperation, measureHeld } from './held.ts';
import { measure } from './measure.ts';
import { operations } from './operations.ts';

const [only = '', rounds = '5', time = '60'] = process.argv.slice(2);
for (const operation of operations) {
  if (!operation.name.includes(only)) continue;
  for (const figure of await measure(operation, { rounds: Number(rounds), time: Number(time) })) {
    console.log(JSON.stringify(figure));
  }
}
if (heldOperation.includes(only)) {
  for (const figure of await measureHeld(Number(rounds))) console.log(JSON.stringify(figure));
}
process.exit(0);
