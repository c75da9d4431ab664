import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import webpack from 'webpack';

export type Bundling = {
  /** The project in whose `node_modules` the package lies. */
  readonly folder: string;
  /** Absolute paths of a module, and of the one to write. */
  readonly entry: string;
  readonly output: string;
};

/** As for a page: nothing of Node is at hand. */
export const bundlers: Readonly<Record<string, (bundling: Bundling) => Promise<void>>> = {
  async esbuild({ entry, output }) {
    const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022' } as const;
    const { warnings } = await esbuild({ ...options, entryPoints: [entry], outfile: output, logLevel: 'silent' });
    if (warnings.length) throw new Error(JSON.stringify(warnings));
  },

  async Vite({ folder, entry, output }) {
    const { outDir, fileName } = split(output);
    await vite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2022',
        lib: { entry, formats: ['es'], fileName: () => fileName },
      },
    });
  },

  webpack({ folder, entry, output }) {
    const { outDir, fileName } = split(output);
    const compiler = webpack({
      mode: 'production',
      context: folder,
      entry,
      target: ['web', 'es2022'],
      experiments: { outputModule: true },
      output: { path: outDir, filename: fileName, module: true, chunkFormat: 'module', library: { type: 'module' } },
      performance: { hints: false },
    });
    return new Promise((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error || stats?.hasErrors() || stats?.hasWarnings()) reject(error ?? new Error(stats?.toString()));
        else compiler.close(() => resolve());
      });
    });
  },
};

function split(path: string): { readonly outDir: string; readonly fileName: string } {
  const slash = path.lastIndexOf('/');
  return { outDir: path.slice(0, slash), fileName: path.slice(slash + 1) };
}
