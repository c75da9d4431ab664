import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kit, KitLanguage } from '../../src/kit/create-kit.ts';
import { present } from '../vectors/present.ts';

/** A client of a kit, with the program that runs it. */
export type Client = {
  readonly language: KitLanguage;
  /** The arguments of the command in the folder of the client, before `check` or `call`. */
  readonly command: readonly string[];
  /** Variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that must be run before. */
  readonly build?: readonly string[];
};

/** What `npm run runtimes` installs. */
const packages = fileURLToPath(new URL('../runtimes/node_modules', import.meta.url));

/** The program that runs collections of Postman. */
export const newman: string = join(packages, '.bin/newman');

/** Debian has the crates in a folder; elsewhere, cargo gets them. */
const crates = '/usr/share/cargo/registry';
const cargo: readonly string[] = existsSync(`${crates}/ureq-2.6.2`)
  ? [
      ...['cargo', 'build', '--offline', '--config', 'source.crates-io.replace-with="debian"'],
      ...['--config', `source.debian.directory="${crates}"`],
    ]
  : ['cargo', 'build'];

/** A command that builds a program of the client in Rust: crates take minutes, and are built once for all tests. */
export const buildRust = (artifact: string, ...args: readonly string[]): readonly string[] => [
  ...['sh', fileURLToPath(new URL('build-rust.sh', import.meta.url))],
  ...[fileURLToPath(new URL('../../node_modules/.cache/kit-crates', import.meta.url)), artifact],
  ...[...cargo, '--quiet', ...args],
];

/** `tool` is what must be there, if it is not the first word of a command. */
const all: ReadonlyArray<Client & { readonly version: string; readonly tool?: string }> = [
  { language: 'python', command: ['python3', 'kit.py'], version: '--version' },
  { language: 'bash', command: ['bash', 'kit.sh'], version: '--version' },
  { language: 'node', command: [process.execPath, 'kit.mjs'], version: '--version' },
  { language: 'go', command: ['./kit'], build: ['go', 'build', '-o', 'kit', '.'], version: 'version' },
  { language: 'php', command: ['php', 'kit.php'], version: '--version' },
  { language: 'ruby', command: ['ruby', 'kit.rb'], version: '--version' },
  {
    language: 'java',
    // Without these, most of the time goes into making short programs fast.
    command: ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', 'classes', 'Kit'],
    build: [
      'javac',
      '-J-XX:TieredStopAtLevel=1',
      '-J-XX:+UseSerialGC',
      '-d',
      'classes',
      'Countersign.java',
      'Kit.java',
    ],
    version: '--version',
  },
  { language: 'perl', command: ['perl', 'kit.pl'], version: '--version' },
  {
    language: 'csharp',
    command: ['mono', 'kit.exe'],
    build: ['mcs', '-out:kit.exe', '-r:System.Net.Http', 'Countersign.cs', 'Kit.cs'],
    version: '--version',
  },
  { language: 'rust', command: ['./target/debug/kit'], build: buildRust('kit'), tool: 'cargo', version: '--version' },
  {
    language: 'postman',
    command: [process.execPath, 'kit.mjs'],
    env: { NODE_PATH: packages },
    tool: newman,
    version: '--version',
  },
];

/** The clients whose language is on this machine. Each that is not is told aloud, and is a failure where all must be there. */
export const clients: readonly Client[] = all.filter(({ command, build, tool, version }) =>
  present(tool ?? (build ?? command)[0] ?? '', version),
);

/** The result of a program. */
export type Outcome = { readonly status: number; readonly output: string };

/** Runs a program in a folder, with what it writes in one text. */
export function run(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

/** Writes a kit into a folder that is gone after use. */
export function unpack(kit: Kit | Readonly<Record<string, string | Uint8Array>>): {
  readonly path: string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), 'countersign-kit-'));
  for (const [file, content] of Object.entries(kit)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
