import type { SqliteDatabase } from 'kysely';

type Value = string | number | bigint | Uint8Array | null;

/** The part of a `DatabaseSync` of `node:sqlite` that is used here. */
export type NodeSqlite = {
  prepare(sql: string): {
    all(...values: Value[]): unknown[];
    run(...values: Value[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  };
  close(): void;
};

/**
 * Adapts a database of `node:sqlite` (Node 22.13 and later) for Kysely's `SqliteDialect`, which expects the interface of
 * better-sqlite3.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { nodeSqlite } from 'countersign/sql';
 * import { Kysely, SqliteDialect } from 'kysely';
 *
 * const database = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('keys.sqlite')) }) });
 */
export function nodeSqlite(database: NodeSqlite): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      const all = (values: readonly unknown[]): unknown[] => statement.all(...(values as readonly Value[]));
      return {
        reader: returnsRows(sql),
        all,
        run: (values) => statement.run(...(values as readonly Value[])),
        *iterate(values) {
          yield* all(values);
        },
      };
    },
  };
}

// In Node 22.13, a statement has no property for this.
const returnsRows = (sql: string): boolean =>
  /^\s*(?:select|values|pragma|explain)\b/i.test(sql) ||
  (/^\s*with\b/i.test(sql) && !/\b(?:insert|update|delete|replace)\b/i.test(sql)) ||
  /\breturning\b/i.test(sql);
