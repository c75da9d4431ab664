import { createRequire } from 'node:module';
import { type NodeSqlite, nodeSqlite, sqlMigrations } from 'countersign/sql';
import { Kysely, Migrator, SqliteDialect } from 'kysely';

/** Opens a database file and creates its tables. */
export async function openDatabase(file: string): Promise<Kysely<object>> {
  const database = new Kysely<object>({ dialect: new SqliteDialect({ database: nodeSqlite(openFile(file)) }) });
  const { error } = await new Migrator({
    db: database,
    provider: sqlMigrations(),
    migrationTableName: 'countersign_migrations',
    migrationLockTableName: 'countersign_migrations_lock',
  }).migrateToLatest();
  if (error) throw error;
  return database;
}

/** Uses Node's own SQLite, which exists since 22.13, otherwise SQLite as WebAssembly. */
function openFile(file: string): NodeSqlite {
  const builtin = process.getBuiltinModule('node:sqlite');
  if (builtin) return new builtin.DatabaseSync(file);
  const wasm = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  const database = new wasm.Database(file);
  return {
    prepare: (sql) => ({
      all: (...values) => database.all(sql, values),
      run: (...values) => database.run(sql, values),
    }),
    close: () => database.close(),
  };
}
