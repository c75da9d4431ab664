import { readdirSync } from 'node:fs';
import { defineConfig } from 'tsup';

// Files directly in src are doors.
const doors = Object.fromEntries(
  readdirSync('src')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file.slice(0, -3), `src/${file}`]),
);

// A program, which nobody imports, has no declarations.
const { cli: _, ...imported } = doors;

// Each in a file of its own, which bundlers drop whole where nothing of it is used.
const schemes = {
  'scheme-define': 'src/schemes/define/define-scheme.ts',
  'scheme-presign': 'src/schemes/presign.ts',
  'scheme-rfc9421': 'src/schemes/rfc9421.ts',
  'scheme-sigv4': 'src/schemes/sigv4.ts',
  'scheme-standard-webhooks': 'src/schemes/standard-webhooks.ts',
};

export default defineConfig({
  entry: { ...doors, ...schemes },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  // As package.json says: without it, chunks import each other for nothing.
  treeshake: { moduleSideEffects: false },
  dts: { entry: imported, compilerOptions: { types: ['node'] } },
  // Deno knows the modules of Node by no other name.
  removeNodeProtocol: false,
  external: [/^node:/],
  clean: true,
  // No source maps: the output is not minified and reads like the sources, which are not shipped.
  sourcemap: false,
});
