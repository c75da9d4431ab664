import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export const run: (
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
) => Promise<{ stdout: string; stderr: string }> = promisify(execFile);

export type Manifest = {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

export const manifest: Manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest;

/** What users import: `countersign`, `countersign/ky` and so on. */
export const doors: readonly string[] = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target !== 'string')
  .map(([path]) => `countersign${path.slice(1)}`);

export type Project = {
  readonly tarball: string;
  /** The paths in the tarball, from the root of the package. */
  readonly packed: readonly string[];
  /** A project that has the tarball installed, and nothing else. */
  readonly folder: string;
  remove(): void;
};

/** Builds the package, unless it is built. */
export async function build(): Promise<void> {
  if (stale()) await run('npm', ['run', 'build'], { cwd: root });
}

/** Packs what is built, and installs it in an empty project as a user would. */
export async function install(): Promise<Project> {
  await build();
  const folder = mkdtempSync(`${tmpdir()}/countersign-`);
  // Without the build that a real npm pack starts: it would take dist away from tests that run at the same time.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: root });
  const [report] = JSON.parse(stdout) as [{ filename: string; files: Array<{ path: string }> }];
  const tarball = `${folder}/${report.filename}`;
  writeFileSync(`${folder}/package.json`, '{ "name": "user", "private": true, "type": "module" }\n');
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...quiet, tarball], { cwd: folder });
  return {
    tarball,
    packed: report.files.map(({ path }) => path),
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Whether a source is newer than what was built of it. */
function stale(): boolean {
  const newest = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(`${folder}/${path}`))
      .filter((found) => found.isFile())
      .map(({ mtimeMs }) => mtimeMs);
  try {
    return Math.max(...newest(`${root}/src`)) > Math.min(...newest(`${root}/dist`));
  } catch {
    return true;
  }
}
