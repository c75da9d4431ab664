/**
 * Puts servers under load: how fast they are beside the same ones without a verifier, whether memory grows, what happens when
 * stores die, and what a nonce costs.
 *
 *   npm run soak -- [--full] [--only=speed,memory,faults,sizes] [--of=<part of a name>]
 *
 * Ends with status 1 where something is wrong: a request that is refused or accepted and should not be, an event or a claim that
 * is lost, memory that grows. A target for speed that is missed is only told, because machines differ.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../bench/bundle.ts';
import { mariadb, postgres } from '../stores/sql-servers.ts';
import { present } from '../vectors/present.ts';
import { endured } from './faults.ts';
import { bounds, held } from './memory.ts';
import { faultTable, memoryTable, sizeTable, speedTable } from './report.ts';
import { sizes } from './sizing.ts';
import { speeds } from './speed.ts';

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string', default: 'speed,memory,faults,sizes' },
    of: { type: 'string', default: '' },
  },
});
const { full, of } = options;
const parts = options.only.split(',');
const effort = full
  ? { rounds: 15, requests: 20_000, verified: 2_000_000, nonces: 5_000_000, seconds: 3, claims: 200_000 }
  : { rounds: 7, requests: 8000, verified: 200_000, nonces: 500_000, seconds: 1, claims: 20_000 };

async function all<Value>(generated: AsyncGenerator<Value>): Promise<readonly Value[]> {
  const values: Value[] = [];
  for await (const value of generated) values.push(value);
  return values;
}

const wrong: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'countersign-soak-'));
const installed = {
  Redis: present('redis-server', '--version'),
  PostgreSQL: present(postgres, '--version'),
  MariaDB: present(mariadb, '--version'),
};
const isHere = (name: string): boolean =>
  name.includes(of) && Object.entries(installed).every(([server, here]) => here || !name.includes(server));

console.log(`Node.js ${process.version}, ${full ? 'in full' : 'scaled down: --full is for the real thing'}`);
try {
  await bundle(
    ['speed-server', 'memory-inside'].map((name) => join(import.meta.dirname, `${name}.ts`)),
    folder,
  );
  if (parts.includes('speed')) {
    const found = await all(speeds(folder, isHere, { ...effort, connections: 32 }));
    console.log(`\n${speedTable(found)}`);
    for (const { name, refused } of found) if (refused) wrong.push(`${name}: ${refused} requests were refused`);
  }
  if (parts.includes('memory')) {
    const found = await all(held(folder, { requests: effort.verified, nonces: effort.nonces }));
    console.log(`\n${memoryTable(found)}`);
    for (const { name, growth } of found) {
      if (!(growth.heap <= bounds.heap && growth.rss <= bounds.rss)) wrong.push(`${name}: memory grew`);
    }
  }
  if (parts.includes('faults')) {
    const found = await all(endured(isHere, effort.seconds));
    console.log(`\n${faultTable(found)}`);
    for (const { name, wrong: faults } of found) wrong.push(...faults.map((fault) => `${name}: ${fault}`));
  }
  if (parts.includes('sizes')) {
    console.log(`\n${sizeTable(await all(sizes(folder, isHere, effort.claims)))}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (wrong.length) console.error(`\nWRONG\n${wrong.join('\n')}`);
process.exit(wrong.length ? 1 : 0);
