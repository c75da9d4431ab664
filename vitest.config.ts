import { defineConfig } from 'vitest/config';
import { leftOut, leftOutReporter } from './test/left-out.ts';

const source = (path: string) => new URL(path, import.meta.url).pathname;

// Node 20 has no SQLite of its own: there the same as WebAssembly stands in for it.
const sqlite = process.getBuiltinModule('node:sqlite')
  ? []
  : [{ find: /^node:sqlite$/, replacement: source('./test/stores/wasm-sqlite.ts') }];

// npm test is `--mode quick`: what Node and npm alone give. On a build server nothing is left out.
export default defineConfig(({ mode }) => {
  const quick = mode === 'quick' && !process.env.CI;
  return {
    resolve: {
      alias: [
        ...sqlite,
        { find: /^countersign$/, replacement: source('./src/index.ts') },
        { find: /^countersign\/(.+)$/, replacement: source('./src/$1.ts') },
      ],
    },
    test: {
      include: ['test/**/*.test.ts'],
      exclude: ['**/node_modules/**', ...(quick ? leftOut : [])],
      reporters: quick ? ['default', leftOutReporter] : ['default'],
      // Before the files that look which runtimes there are.
      globalSetup: mode === 'quick' && !quick ? ['test/runtimes/install.ts'] : [],
      testTimeout: 20_000,
      // By default one core is left idle: of two that is half.
      ...(quick && { maxWorkers: '100%' }),
    },
  };
});
