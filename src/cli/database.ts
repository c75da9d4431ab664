import { closeSync, existsSync, openSync } from 'node:fs';
import type { Dialect, Kysely } from 'kysely';
import { fail } from '../core/errors.ts';
import { type NodeSqlite, nodeSqlite } from '../sql/node-sqlite.ts';
import type { Options, OptionValues } from './command.ts';

/** Where keys are. */
export const databaseOptions = {
  database: {
    type: 'text',
    value: 'URL',
    help: 'postgres://…, mysql://… or a file of SQLite. Without it, COUNTERSIGN_DATABASE_URL.',
  },
  schema: { type: 'text', value: 'NAME', help: "The schema that has the tables, if not the connection's own." },
} as const satisfies Options;

export type DatabaseValues = OptionValues<typeof databaseOptions>;

/** What a database is opened for. */
export type Opening = {
  /** What is to be where there is no file of SQLite yet. */
  readonly missing: 'refuse' | 'create' | 'pretend';
  /** How many connections to a server there may be at a time. @default 2 */
  readonly connections?: number;
};

/** How long a server may take to answer at all, in milliseconds. */
const patience = 10_000;

/** Whether a place for keys is given. */
export const hasDatabase = ({ database }: Pick<DatabaseValues, 'database'>): boolean => urlOf(database) !== '';

/**
 * Opens the database, and closes it whatever happens.
 *
 * @throws SignatureError `invalid_configuration` for a place that is none, `key_store_unavailable` where a driver is missing,
 * and what `use` throws.
 */
export async function withDatabase<Result>(
  { database: given }: Pick<DatabaseValues, 'database'>,
  opening: Opening,
  use: (database: Kysely<object>) => Promise<Result>,
): Promise<Result> {
  refusePassword(given, { option: '--database', variable: 'COUNTERSIGN_DATABASE_URL' });
  const url =
    urlOf(given) || fail('invalid_configuration', 'Where are the keys? Give --database, or COUNTERSIGN_DATABASE_URL.');
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
      `There is a password in ${option}, which process lists show: give the URL in ${variable}.`,
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
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: patience });
  // Whoever asks is told; without a listener a connection that is lost would end the process.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
  return { dialect: new PostgresDialect({ pool }), Kysely };
}

async function mysql(url: string, connectionLimit: number): Promise<Opened> {
  const wanted = { what: 'MySQL', packages: 'kysely mysql2' };
  const { MysqlDialect, Kysely } = await needed(() => import('kysely'), wanted);
  const { createPool } = await needed(() => import('mysql2'), wanted);
  const pool = createPool({ uri: url, connectionLimit, connectTimeout: patience });
  return { dialect: new MysqlDialect({ pool }), Kysely };
}

async function sqlite(file: string, missing: Opening['missing']): Promise<Opened> {
  const { SqliteDialect, Kysely } = await needed(() => import('kysely'), { what: 'SQLite', packages: 'kysely' });
  const exists = existsSync(file);
  if (!exists && missing === 'refuse') {
    fail('invalid_configuration', `There is no file ${file}: countersign migrate makes one.`);
  }
  const database = await openSqlite(exists || missing === 'create' ? file : ':memory:');
  return { dialect: new SqliteDialect({ database: nodeSqlite(database) }), Kysely };
}

async function openSqlite(file: string): Promise<NodeSqlite> {
  const { DatabaseSync } = await needed(() => import('node:sqlite'), { what: 'SQLite' });
  try {
    // What is in it is for its owner alone. SQLite takes an empty file for a new database.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file);
    // Others wait for the one that writes.
    database.exec(`pragma busy_timeout = ${patience}`);
    return database;
  } catch (cause) {
    return fail('key_store_unavailable', `The file ${file} cannot be opened as a database.`, 503, cause);
  }
}

type Wanted = {
  readonly what: string;
  /** Their names, with spaces between. @default what comes with Node */
  readonly packages?: string;
};

/**
 * Loads what is not installed with this package.
 *
 * @throws SignatureError `key_store_unavailable` where it is missing.
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
