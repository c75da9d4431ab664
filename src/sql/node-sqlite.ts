import type { SqliteDatabase } from 'kysely';

type Value = string | number | bigint | Uint8Array | null;

/** As much of a `DatabaseSync` of `node:sqlite` as is needed. */
export type NodeSqlite = {
  prepare(sql: string): {
    all(...values: Value[]): unknown[];
    run(...values: Value[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  };
  close(): void;
};

/**
 * A database of `node:sqlite` (Node 22.13 and later) for Kysely's `SqliteDialect`, which expects another package's:
 * `new SqliteDialect({ database: nodeSqlite(new DatabaseSync('keys.sqlite')) })`.
 */
export function nodeSqlite(database: NodeSqlite): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      const all = (values: readonly unknown[]): unknown[] => statement.all(...(values as readonly Value[]));
      return {
        reader: givesRows(sql),
        all,
        run: (values) => statement.run(...(values as readonly Value[])),
        *iterate(values) {
          yield* all(values);
        },
      };
    },
  };
}

// Statements of Node 22.13 do not tell it themselves.
const givesRows = (sql: string): boolean =>
  /^\s*(?:select|values|pragma|explain)\b/i.test(sql) ||
  (/^\s*with\b/i.test(sql) && !/\b(?:insert|update|delete|replace)\b/i.test(sql)) ||
  /\breturning\b/i.test(sql);
