import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
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
  'scheme-cavage12': 'src/schemes/cavage12/scheme.ts',
  'scheme-define': 'src/schemes/define/define-scheme.ts',
  'scheme-presign': 'src/schemes/presign/scheme.ts',
  'scheme-rfc9421': 'src/schemes/rfc9421/scheme.ts',
  'scheme-signed-links': 'src/schemes/signed-links/scheme.ts',
  'scheme-sigv4': 'src/schemes/sigv4/scheme.ts',
  'scheme-standard-webhooks': 'src/schemes/standard-webhooks/scheme.ts',
};

/**
 * Names each chunk that doors share after the module that most of it comes from, as in `chunk-server-verifier.js`: stack traces
 * show these names. No module is in two chunks, so no two have one name.
 */
const readableChunks: Plugin = {
  name: 'readable-chunks',
  setup({ onEnd }) {
    onEnd(({ metafile, outputFiles }) => {
      const names = Object.entries(metafile?.outputs ?? {}).flatMap(([path, { inputs }]) => {
        const [, hashed] = /(chunk-[0-9A-Z]{8})\.js$/.exec(path) ?? [];
        // A data file can be the largest.
        const [largest] = Object.entries(inputs)
          .filter(([input]) => input.endsWith('.ts'))
          .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
        const [, source] = /^src\/(.+)\.ts$/.exec(largest?.[0] ?? '') ?? [];
        return hashed && source ? [[hashed, `chunk-${source.replaceAll('/', '-')}`] as const] : [];
      });
      const renamed = (text: string) => names.reduce((done, [from, to]) => done.replaceAll(from, to), text);
      // tsup writes these files afterwards.
      for (const file of outputFiles ?? []) {
        file.path = renamed(file.path);
        file.contents = new TextEncoder().encode(renamed(file.text));
      }
    });
  },
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
  esbuildPlugins: [readableChunks],
  async onSuccess() {
    // In the repository they are indented for people; what is shipped is a third smaller.
    const vectors: unknown = JSON.parse(readFileSync('test/vectors/countersign-v1.json', 'utf8'));
    writeFileSync('dist/vectors.json', JSON.stringify(vectors));
  },
  // No source maps: the output is not minified and reads like the sources, which are not shipped.
  sourcemap: false,
});
