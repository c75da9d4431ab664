import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the page into a folder, as `vite build` does. */
export async function buildPage({ folder, apiOrigin }: { folder: string; apiOrigin: string }): Promise<void> {
  await build({
    root: pathOf('page'),
    configFile: false,
    logLevel: 'warn',
    // In the repository of the package, its name leads to its sources. A copy of this example needs none of this.
    resolve: {
      alias: existsSync(pathOf('../../src/index.ts'))
        ? [
            { find: /^countersign$/, replacement: pathOf('../../src/index.ts') },
            { find: /^countersign\/(.+)$/, replacement: pathOf('../../src/$1.ts') },
          ]
        : [],
    },
    define: { 'import.meta.env.VITE_API_ORIGIN': JSON.stringify(apiOrigin) },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
  });
}
