import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Context, Realm, Runtime } from '../suite/check.ts';
import type { Report } from '../suite/suite.ts';

/** A runtime that the suite can be run in from here. */
export type Host = {
  readonly name: string;
  readonly runtime: Runtime;
  readonly realm: Realm;
  /** What has to be there, as paths. */
  readonly needs: readonly string[];
  /** How to get it. */
  readonly from: string;
  run(context: Context): Promise<Ran>;
};

export type Ran = { readonly version: string; readonly report: Report };

/** A file or folder of this folder. */
export const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const installed = (path: string): string => here(`node_modules/${path}`);

export const missingOf = ({ needs }: Pick<Host, 'needs'>): readonly string[] =>
  needs.filter((path) => !existsSync(path));

export const byNpm = 'npm ci --ignore-scripts --prefix test/runtimes';
export const byApt = (...packages: readonly string[]): string => `apt-get install -y ${packages.join(' ')}`;

/** Of a program: variables of its environment beside those of this process, and its working directory. */
export type Surroundings = { readonly variables?: Readonly<Record<string, string>>; readonly cwd?: string };

/** Runs a program to its end. Rejects with what it printed, when it fails. */
export function outputOf(
  file: string,
  args: readonly string[],
  { variables, cwd }: Surroundings = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', ...variables };
    const child = spawn(file, args, { env, cwd, timeout: 300_000 });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        printed += text;
      });
    }
    child.once('error', reject);
    child.once('close', (status, signal) =>
      status === 0 ? resolve(printed) : reject(new Error(`${file} ended with ${status ?? signal}: ${printed}`)),
    );
  });
}

/** The report among what a program printed. */
export function reportIn(output: string): Report {
  const found = /^REPORT (.*)$/m.exec(output)?.[1];
  if (!found) throw new Error(`no report: ${output.slice(0, 2000)}`);
  return JSON.parse(found) as Report;
}
