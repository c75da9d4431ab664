import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { byNpm, here, installed } from '../runtimes/hosts/host.ts';
import { type Killable, killable } from './killable.ts';
import { freePort } from './port.ts';

const binary = installed('@cloudflare/workerd-linux-64/bin/workerd');

/** Whether workerd is installed. Where it is not, that is told aloud, and is a failure where everything must be there. */
export function workerdPresent(): boolean {
  if (existsSync(binary)) return true;
  if (process.env.CI) throw new Error(`workerd is missing: ${byNpm}`);
  console.warn(`SKIPPED: workerd is missing, so nothing written for Durable Objects has been tested: ${byNpm}`);
  return false;
}

/** A real workerd of the test's own, on a free loopback port, which may be killed. */
export type Workerd = Omit<Killable, 'signal'> & {
  readonly url: string;
  /** How many objects of a class have been made. */
  objects(name: string): number;
  close(): Promise<void>;
};

export type Script = {
  /** The module to bundle. */
  readonly entry: string;
  readonly plugins?: readonly Plugin[];
  /** Its Durable Object classes, by the names of their bindings. */
  readonly classes: Readonly<Record<string, string>>;
  /** Of these, the ones whose storage is not SQLite. @default [] */
  readonly old?: readonly string[];
};

/** Bundles a Worker, and serves it; what its objects store is kept on disk. */
export async function startWorkerd({ entry, plugins = [], classes, old = [] }: Script): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-workerd-'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  await build({
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    // Its paths lead from the package's name to src.
    tsconfig: here('../../tsconfig.json'),
    entryPoints: [entry],
    plugins: [...plugins],
    outfile: join(folder, 'worker.js'),
  });
  const port = await freePort();
  const names = Object.values(classes);
  const bindings = Object.entries(classes).map(([name, of]) => `(name = "${name}", durableObjectNamespace = "${of}")`);
  const namespaces = names.map(
    (name) => `(className = "${name}", uniqueKey = "${name}", enableSql = ${!old.includes(name)})`,
  );
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "disk", disk = (path = "${disk}", writable = true))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "disk"),
);
`,
  );
  const start = () => spawn(binary, ['serve', join(folder, 'config.capnp')], { stdio: 'ignore' });
  const { kill, restart } = await killable(start, port);
  return {
    url: `http://127.0.0.1:${port}`,
    kill,
    restart,
    objects: (name) => readdirSync(join(disk, name)).filter((file) => /^[\da-f]{64}\.sqlite$/.test(file)).length,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
