import type { InsertObject, InsertQueryBuilder, InsertResult } from 'kysely';
import type { OpenedTables, Tables } from './tables.ts';

/**
 * Inserts a row, atomically.
 *
 * @returns false, without a change, if the primary key exists.
 */
export async function insertOnce<Table extends keyof Tables & string>(
  { tables, dialect }: OpenedTables,
  table: Table,
  row: InsertObject<Tables, Table>,
): Promise<boolean> {
  const insert = tables.insertInto(table).values(row);
  // Not `insert ignore`, which would also truncate values that are too long.
  if (dialect === 'mysql') return insert.execute().then(() => true, unlessDuplicate);
  return isOneRowChanged(insert.onConflict((conflict) => conflict.doNothing()));
}

/** True if an insert, or the update that replaced it, changed a row. */
export async function isOneRowChanged(
  insert: Pick<InsertQueryBuilder<Tables, keyof Tables, InsertResult>, 'executeTakeFirst'>,
): Promise<boolean> {
  const result = await insert.executeTakeFirst();
  return Number(result?.numInsertedOrUpdatedRows) === 1;
}

// ER_DUP_ENTRY, which HTTP drivers report only in the message.
function unlessDuplicate(error: unknown): false {
  const { errno, code, message } = error as { errno?: unknown; code?: unknown; message?: unknown };
  if (errno === 1062 || code === 'ER_DUP_ENTRY' || /\berrno 1062\b/.test(String(message))) return false;
  throw error;
}
