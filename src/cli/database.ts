import { closeSync, existsSync, openSync } from 'node:fs';
import type { Dialect, Kysely } from 'kysely';
import { fail } from '../core/errors.ts';
import { type NodeSqlite, nodeSqlite } from '../sql/node-sqlite.ts';
import type { Options, OptionValues } from './command.ts';

/** Options for the database of the keys. */
export const databaseOptions = {
  database: {
    type: 'text',
    value: 'URL',
    help: 'postgres://…, mysql://… or an SQLite file. Default: COUNTERSIGN_DATABASE_URL.',
  },
  schema: { type: 'text', value: 'NAME', help: "The schema of the tables. Default: the connection's own." },
} as const satisfies Options;

export type DatabaseValues = OptionValues<typeof databaseOptions>;

/** How to open a database. */
export type Opening = {
  /** What to do if the SQLite file does not exist; `pretend` opens an empty database in memory. */
  readonly missing: 'refuse' | 'create' | 'pretend';
  /** Maximum number of connections to a server. @default 2 */
  readonly connections?: number;
};

/** The timeout of a connection, in milliseconds. */
const connectTimeout = 10_000;

/** True if a database is given. */
export const hasDatabase = ({ database }: Pick<DatabaseValues, 'database'>): boolean => urlOf(database) !== '';

/**
 * Opens the database, and closes it in any case.
 *
 * @throws SignatureError `invalid_configuration` for an invalid URL, `key_store_unavailable` if a driver is missing, and errors of
 * `use`.
 */
export async function withDatabase<Result>(
  { database: given }: Pick<DatabaseValues, 'database'>,
  opening: Opening,
  use: (database: Kysely<object>) => Promise<Result>,
): Promise<Result> {
  refusePassword(given, { option: '--database', variable: 'COUNTERSIGN_DATABASE_URL' });
  const url =
    urlOf(given) ||
    fail('invalid_configuration', 'The database is missing: give --database or COUNTERSIGN_DATABASE_URL.');
  const { dialect, Kysely } = await dialectOf(url, opening);
  const database = new Kysely<object>({ dialect });
  try {
    return await use(database);
  } finally {
    await database.destroy();
  }
}

const urlOf = (given: string | undefined): string => given ?? process.env.COUNTERSIGN_DATABASE_URL ?? '';

/**
 * @throws SignatureError `invalid_configuration` for a URL with a password, which process lists would show.
 */
export function refusePassword(
  url: string | undefined,
  { option, variable }: { readonly option: string; readonly variable: string },
): void {
  const [, userInfo = ''] = /^[\w+.-]+:\/\/([^/?#]*)@/.exec(url ?? '') ?? [];
  if (userInfo.includes(':') || /[?&](?:password|pwd)=/i.test(url ?? '')) {
    fail(
      'invalid_configuration',
      `${option} contains a password, which process lists show: give the URL in ${variable}.`,
    );
  }
}

type Opened = { readonly dialect: Dialect; readonly Kysely: typeof Kysely };

async function dialectOf(url: string, { missing, connections = 2 }: Opening): Promise<Opened> {
  const [, protocol] = /^([a-z][a-z\d+.-]*):\/\//i.exec(url) ?? [];
  if (protocol === undefined) return sqlite(url.replace(/^(?:sqlite|file):/, ''), missing);
  if (/^postgres(?:ql)?$/.test(protocol)) return postgres(url, connections);
  if (/^(?:mysql|mariadb)$/.test(protocol)) return mysql(url.replace(/^mariadb:/, 'mysql:'), connections);
  return fail('invalid_configuration', `The database must be postgres://…, mysql://… or a file, not ${protocol}://…`);
}

async function postgres(url: string, max: number): Promise<Opened> {
  const wanted = { what: 'PostgreSQL', packages: 'kysely pg' };
  const { PostgresDialect, Kysely } = await needed(() => import('kysely'), wanted);
  const { default: pg } = await needed(() => import('pg'), wanted);
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: connectTimeout });
  // Queries report errors themselves. Without listeners, a lost connection would end the process.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
  return { dialect: new PostgresDialect({ pool }), Kysely };
}

async function mysql(url: string, connectionLimit: number): Promise<Opened> {
  const wanted = { what: 'MySQL', packages: 'kysely mysql2' };
  const { MysqlDialect, Kysely } = await needed(() => import('kysely'), wanted);
  const { createPool } = await needed(() => import('mysql2'), wanted);
  const pool = createPool({ uri: url, connectionLimit, connectTimeout });
  return { dialect: new MysqlDialect({ pool }), Kysely };
}

async function sqlite(file: string, missing: Opening['missing']): Promise<Opened> {
  const { SqliteDialect, Kysely } = await needed(() => import('kysely'), { what: 'SQLite', packages: 'kysely' });
  const exists = existsSync(file);
  if (!exists && missing === 'refuse') {
    fail('invalid_configuration', `There is no file ${file}: countersign migrate creates it.`);
  }
  const database = await openSqlite(exists || missing === 'create' ? file : ':memory:');
  return { dialect: new SqliteDialect({ database: nodeSqlite(database) }), Kysely };
}

async function openSqlite(file: string): Promise<NodeSqlite> {
  const { DatabaseSync } = await needed(() => import('node:sqlite'), { what: 'SQLite' });
  try {
    // Created first, so that only the owner can read it. SQLite accepts an empty file as a new database.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file);
    // Concurrent writers wait.
    database.exec(`pragma busy_timeout = ${connectTimeout}`);
    return database;
  } catch (cause) {
    return fail('key_store_unavailable', `The file ${file} cannot be opened as a database.`, 503, cause);
  }
}

type Wanted = {
  readonly what: string;
  /** Package names, separated by spaces. @default built into Node */
  readonly packages?: string;
};

/**
 * Loads an optional dependency.
 *
 * @throws SignatureError `key_store_unavailable` if it is not installed.
 */
export async function needed<Loaded>(load: () => Promise<Loaded>, { what, packages }: Wanted): Promise<Loaded> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw cause;
    const remedy = packages
      ? `${what} needs packages that are not installed: npm install ${packages}`
      : `${what} needs Node 22.13 or later; this is ${process.versions.node}.`;
    return fail('key_store_unavailable', remedy, 503);
  }
}
