import { defineConfig } from 'vitest/config';
import { alone, leftOut, leftOutReporter } from './test/left-out.ts';

const source = (path: string) => new URL(path, import.meta.url).pathname;

// Node 20 has no SQLite of its own: there the same as WebAssembly stands in for it.
const sqlite = process.getBuiltinModule('node:sqlite')
  ? []
  : [{ find: /^node:sqlite$/, replacement: source('./test/stores/wasm-sqlite.ts') }];

// npm test is `--mode quick`: what Node and npm alone give. On a build server nothing is left out.
export default defineConfig(({ mode }) => {
  const quick = mode === 'quick' && !process.env.CI;
  const everything = mode === 'quick' && !quick;
  const modules = '**/node_modules/**';
  // Two projects, one after the other: only the first uses every core. By default one is left idle, which of two is half.
  const parallel = {
    name: 'parallel',
    include: ['test/**/*.test.ts'],
    exclude: [modules, ...(quick ? leftOut : alone)],
    maxWorkers: quick || everything ? '100%' : 1,
    sequence: { groupOrder: 0 },
  };
  const one = { name: 'alone', include: alone, exclude: [modules], maxWorkers: 1, sequence: { groupOrder: 1 } };
  return {
    resolve: {
      alias: [
        ...sqlite,
        { find: /^countersign$/, replacement: source('./src/index.ts') },
        { find: /^countersign\/(.+)$/, replacement: source('./src/$1.ts') },
      ],
    },
    test: {
      projects: (quick ? [parallel] : [parallel, one]).map((test) => ({ extends: true as const, test })),
      reporters: quick ? ['default', leftOutReporter] : ['default'],
      // Before the files that look which runtimes there are.
      globalSetup: everything ? ['test/runtimes/install.ts'] : [],
      testTimeout: 20_000,
    },
  };
});
