import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nodes } from '../package/nodes.ts';
import { sqlContract } from './sql-contract.ts';

const own = process.getBuiltinModule?.('node:sqlite') !== undefined;

describe(own ? 'SQLite of Node' : 'SQLite as WebAssembly', () => {
  sqlContract(() => undefined);
});

// Where this Node has no SQLite of its own, all of this file is run in one that has.
if (!own) {
  it('does the same with the SQLite of Node 24', { timeout: 180_000 }, async ({ skip }) => {
    const newer = nodes.find(({ name }) => name === 'Node 24');
    if (!newer?.found) {
      const message = 'NOT TESTED: node:sqlite, for Node 24 is not installed (npm run runtimes)';
      if (process.env.CI) throw new Error(message);
      console.warn(message);
      return skip(message);
    }
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'test/stores/sql-sqlite.test.ts'];
    const { stdout } = await promisify(execFile)(newer.path, vitest, { env: { ...process.env, NO_COLOR: '1' } });
    expect(stdout).toMatch(/Tests +\d+ passed/);
  });
}
