import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Killable, killable } from './killable.ts';
import { freePort } from './port.ts';

/** A real database server of this test's own. */
export type SqlServer = Omit<Killable, 'signal'> & {
  /** A database that is there from the beginning. */
  readonly url: string;
  close(): Promise<void>;
};

/** Debian keeps the server's own programs out of the path. */
const postgresBin = (name: string): string => {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(a) - Number(b)) : [];
  return versions.length ? `${base}/${versions.at(-1)}/bin/${name}` : name;
};

/** The programs that each server needs. */
export const postgres: string = postgresBin('postgres');
export const mariadb = 'mariadbd';

const root = process.getuid?.() === 0;
const folderFor = (name: string): string => mkdtempSync(join(tmpdir(), `countersign-${name}-`));

export async function startPostgres(): Promise<SqlServer> {
  const folder = folderFor('postgres');
  const port = await freePort();
  // It refuses to run as root.
  const account = root ? accountOf('postgres') : undefined;
  if (account) chownSync(folder, account.uid, account.gid);
  const settings = { ...account, cwd: folder, stdio: 'ignore' } as const;
  const data = join(folder, 'data');
  execFileSync(postgresBin('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N'], settings);
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-F', '-c', 'max_connections=200'];
  const started = await server({
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start: () => spawn(postgres, args, settings),
    port,
    folder,
  });
  // It takes connections before it takes anything else, and ends those with an error.
  const ready = ['-q', '-h', '127.0.0.1', '-p', String(port), '-t', '30'];
  while (spawnSync(postgresBin('pg_isready'), ready).status === 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return started;
}

export async function startMariadb(): Promise<SqlServer> {
  const folder = folderFor('mariadb');
  const port = await freePort();
  const data = join(folder, 'data');
  const common = ['--no-defaults', `--datadir=${data}`, ...(root ? ['--user=root'] : [])];
  const install = [...common, '--auth-root-authentication-method=normal'];
  execFileSync('mariadb-install-db', install, { stdio: 'ignore' });
  const own = ['--bind-address=127.0.0.1', `--port=${port}`, `--socket=${folder}/socket`, `--pid-file=${folder}/pid`];
  return server({
    url: `mysql://root@127.0.0.1:${port}/test`,
    start: () => spawn(mariadb, [...common, ...own], { cwd: folder, stdio: 'ignore' }),
    port,
    folder,
  });
}

type Started = { readonly url: string; start(): ChildProcess; readonly port: number; readonly folder: string };

async function server({ url, start, port, folder }: Started): Promise<SqlServer> {
  const { kill, restart } = await killable(start, port);
  return {
    url,
    kill,
    restart,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

const accountOf = (name: string): { readonly uid: number; readonly gid: number } => ({
  uid: Number(execFileSync('id', ['-u', name], { encoding: 'utf8' })),
  gid: Number(execFileSync('id', ['-g', name], { encoding: 'utf8' })),
});
