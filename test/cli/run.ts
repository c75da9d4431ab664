import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeRuntime, nodes } from '../package/nodes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const bin: string = join(root, 'dist/cli.js');

/** What a program left behind. */
export type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

export type Surroundings = {
  /** The Node that runs it. @default the one that runs the tests */
  readonly node?: string;
  readonly cwd?: string;
  /** All that it has for environment, beside what finds programs. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it gets on standard input. @default nothing */
  readonly input?: string | Uint8Array;
};

/** Runs the program that is built, as a process of its own. */
export function countersign(args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  requireBuilt();
  const { node = process.execPath, cwd, env, input = '' } = surroundings;
  const child = spawn(node, [bin, ...args], { cwd, env: { ...searchPath, ...env }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program that reads nothing may be gone already.
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, ...output }));
  });
}

/** What finds programs, and nothing that changes how ours behaves. */
export const searchPath: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
};

/** A folder that is gone after use. */
export function folder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A Node that has SQLite: this one, or another that is installed. */
export const withSqlite: NodeRuntime | undefined = process.getBuiltinModule?.('node:sqlite')
  ? nodes[0]
  : nodes.find(({ name, found }) => found && /^Node 2[2-9]$/.test(name));

/** Says aloud that nothing was tested on SQLite, and fails where it must be. */
export function sqliteHere(): boolean {
  if (withSqlite) return true;
  const message = 'NOT TESTED: the command line on SQLite, for no Node has node:sqlite (npm run runtimes)';
  if (process.env.CI) throw new Error(message);
  console.warn(message);
  return false;
}

/** Tests of what is no longer the source would prove nothing. */
function requireBuilt(): void {
  built ??= existsSync(bin) && newest(join(root, 'src')) <= statSync(bin).mtimeMs;
  if (!built) throw new Error('dist/cli.js is missing or older than src: npm run build');
}
let built: boolean | undefined;

const newest = (path: string): number =>
  Math.max(
    ...readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(path, name)).mtimeMs),
  );
