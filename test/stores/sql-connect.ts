import { type NodeSqlite, nodeSqlite } from 'countersign/sql';
import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import { Pool } from 'pg';
import { openWasm } from './wasm-sqlite.ts';

// Others wait for the one that writes. What a process wrote outlives it also where no disk is waited for, which is faster.
const pragmas = 'pragma busy_timeout = 10000; pragma synchronous = off';

/** Opens a database of its own connections, by its URL or, for SQLite, `file:` and a path. */
export function connect(url: string, connections = 5): Kysely<unknown> {
  if (url.startsWith('postgres:')) {
    const pool = new Pool({ connectionString: url, max: connections });
    // A connection that is lost between two statements would else end the process: the pool's own, and those it lent.
    pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
    return new Kysely({ dialect: new PostgresDialect({ pool }) });
  }
  if (url.startsWith('mysql:')) {
    return new Kysely({ dialect: new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: connections }) }) });
  }
  return new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(openSqlite(url.replace('file:', ''))) }) });
}

/** With Node's own SQLite where it has one (22.13 and later), else with SQLite as WebAssembly. */
function openSqlite(file: string): NodeSqlite {
  const builtin = process.getBuiltinModule?.('node:sqlite');
  const database = builtin ? new builtin.DatabaseSync(file) : openWasm(file);
  database.exec(pragmas);
  return database;
}
