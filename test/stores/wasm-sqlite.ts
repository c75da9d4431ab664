import { createRequire } from 'node:module';
import type { NodeSqlite } from 'countersign/sql';

type Opened = NodeSqlite & { exec(sql: string): void };

/** SQLite as WebAssembly, in the form that Node's own has. */
export function openWasm(file: string): Opened {
  const { Database } = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  const database = new Database(file);
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => ({
      all: (...values) => database.all(sql, values),
      run: (...values) => database.run(sql, values),
    }),
    close: () => database.close(),
  };
}

/** Stands in for the export of `node:sqlite`, and is called with `new` as that is. */
export function DatabaseSync(file: string): Opened {
  return openWasm(file);
}
