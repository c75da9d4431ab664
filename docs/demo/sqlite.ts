import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

type Value = string | number;

/** As much of SQLite as the demo needs, whichever binding there is. */
export type Database = {
  /** Runs one statement, and returns the rows it gives. */
  query(sql: string, ...values: Value[]): Record<string, unknown>[];
  close(): void;
};

/** Opens a database file, with Node's own SQLite where it has one (22.13 and later), else with SQLite as WebAssembly. */
export function openDatabase(file: string): Database {
  // There are secrets in it, which nobody but this user should read. SQLite takes an empty file for a new database.
  closeSync(openSync(file, 'a', 0o600));
  const builtin = process.getBuiltinModule?.('node:sqlite');
  if (builtin) {
    const database = new builtin.DatabaseSync(file);
    return {
      query: (sql, ...values) => database.prepare(sql).all(...values),
      close: () => database.close(),
    };
  }
  const wasm = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  const database = new wasm.Database(file);
  return {
    query: (sql, ...values) => database.all(sql, values),
    close: () => database.close(),
  };
}
