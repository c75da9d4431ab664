import { readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

export default defineConfig({
  // Files directly in src are doors.
  entry: readdirSync('src')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file}`),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  // As package.json says: without it, chunks import each other for nothing.
  treeshake: { moduleSideEffects: false },
  dts: true,
  clean: true,
  // No source maps: the output is not minified and reads like the sources, which are not shipped.
  sourcemap: false,
});
