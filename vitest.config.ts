import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(path, import.meta.url).pathname;

// Node 20 has no SQLite of its own: there the same as WebAssembly stands in for it.
const sqlite = process.getBuiltinModule('node:sqlite')
  ? []
  : [{ find: /^node:sqlite$/, replacement: source('./test/stores/wasm-sqlite.ts') }];

export default defineConfig({
  resolve: {
    alias: [
      ...sqlite,
      { find: /^countersign$/, replacement: source('./src/index.ts') },
      { find: /^countersign\/(.+)$/, replacement: source('./src/$1.ts') },
    ],
  },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
});
