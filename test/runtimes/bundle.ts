import { build } from 'esbuild';
import { here } from './hosts/host.ts';

const common = {
  bundle: true,
  target: 'es2022',
  logLevel: 'warning',
  legalComments: 'none',
  // Its paths lead from the package's name to src.
  tsconfig: here('../../tsconfig.json'),
} as const;

/** One source for all runtimes: bundles it for each way to start one, in .cache. */
export async function bundleSuite(): Promise<void> {
  await Promise.all([
    build({ ...common, entryPoints: [here('entries/command.ts')], format: 'esm', outfile: here('.cache/command.mjs') }),
    build({ ...common, entryPoints: [here('entries/worker.ts')], format: 'esm', outfile: here('.cache/worker.mjs') }),
    build({ ...common, entryPoints: [here('entries/global.ts')], format: 'iife', outfile: here('.cache/global.js') }),
    build({ ...common, entryPoints: [here('entries/engine.ts')], format: 'iife', outfile: here('.cache/engine.js') }),
    build({ ...common, entryPoints: [here('entries/client.ts')], format: 'iife', outfile: here('.cache/client.js') }),
  ]);
}
