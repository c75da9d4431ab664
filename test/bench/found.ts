import { spawnSync } from 'node:child_process';
import type { Runtime } from './targets.ts';

/** A runtime on this machine. */
export type Found = {
  readonly name: Runtime;
  readonly version: string;
  readonly command: string;
  readonly args: readonly string[];
};

const installed = new URL('../runtimes/node_modules/', import.meta.url).pathname;

function installedNode(version: string): Omit<Found, 'version'> {
  return { name: 'Node', command: `${installed}${version}/bin/node`, args: [] };
}

const candidates: Readonly<Record<string, readonly Omit<Found, 'version'>[]>> = {
  node: [{ name: 'Node', command: process.execPath, args: [] }],
  ...Object.fromEntries(['node22', 'node24', 'node26'].map((version) => [version, [installedNode(version)]])),
  bun: [`${installed}@oven/bun-linux-x64/bin/bun`, 'bun'].map((command) => ({ name: 'Bun', command, args: [] })),
  deno: [`${installed}@deno/linux-x64-glibc/deno`, 'deno'].map((command) => ({
    name: 'Deno',
    command,
    args: ['run', '--allow-all', '--no-config'],
  })),
};

/** Those of the wanted runtimes that start here. Says so of the others. */
export function found(wanted: readonly string[]): readonly Found[] {
  return wanted.flatMap((name) => {
    for (const candidate of candidates[name] ?? []) {
      const { status, stdout } = spawnSync(candidate.command, ['--version'], { encoding: 'utf8' });
      if (status === 0) return { ...candidate, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '' };
    }
    console.log(`not measured: ${name} is not installed`);
    return [];
  });
}
