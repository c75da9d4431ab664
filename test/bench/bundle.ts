import { basename } from 'node:path';
import { build } from 'esbuild';

/** Writes each file, with all that it imports, into one `.mjs` in the folder: as an application's bundler would make it. */
export async function bundle(files: readonly string[], folder: string): Promise<void> {
  await build({
    entryPoints: files.map((file) => ({ in: file, out: basename(file, '.ts') })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    external: ['bun:jsc', '@mitata/counters'],
    // Some of the libraries are CommonJS.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}
