import { defineConfig } from 'vitest/config';

const root = new URL('../../', import.meta.url).pathname;

/** The tests that Stryker runs against each mutant: those of the mutated folders that need no service and take milliseconds. */
export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^countersign$/, replacement: `${root}src/index.ts` },
      { find: /^countersign\/(.+)$/, replacement: `${root}src/$1.ts` },
    ],
  },
  test: {
    include: [
      'test/{client,core}/*.test.ts',
      'test/server/{*,verify/*}.test.ts',
      'test/schemes/{countersign-v1/*,split-fields}.test.ts',
      'test/vectors/{sign,verify,respond,protocol}.test.ts',
    ],
    exclude: [
      'test/server/{growth,cost,hostile,hostile-http,properties,forwarding-properties}.test.ts',
      'test/client/{browser,dom}.test.ts',
    ],
    testTimeout: 10_000,
    // One thread that keeps its modules: a mutant costs what its tests cost, and not the start of the files.
    isolate: false,
    pool: 'threads',
    maxWorkers: 1,
  },
});
