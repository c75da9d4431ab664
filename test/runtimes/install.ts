import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { byNpm, here } from './hosts/host.ts';

/** Gets the runtimes that npm has, once. Where that fails, what is missing is told runtime by runtime. */
export function installRuntimes(): void {
  if (existsSync(here('node_modules/.package-lock.json'))) return;
  console.warn(`Getting the runtimes to test in (1.3 GB, once): ${byNpm}`);
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: here('.'),
    encoding: 'utf8',
  });
  if (status !== 0) console.warn(`The runtimes could not be installed: ${stderr}`);
}

/** What vitest runs before all tests, where nothing is left out. */
export const setup: () => void = installRuntimes;
