import { defineConfig } from 'vitest/config';

const source = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^countersign$/, replacement: source('./src/index.ts') },
      { find: /^countersign\/(.+)$/, replacement: source('./src/$1.ts') },
    ],
  },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
});
