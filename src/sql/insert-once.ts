import type { InsertObject, InsertQueryBuilder, InsertResult } from 'kysely';
import type { OpenedTables, Tables } from './tables.ts';

/**
 * One atomic insert.
 *
 * @returns false, and changes nothing, where the table has a row of that primary key.
 */
export async function insertOnce<Table extends keyof Tables & string>(
  { tables, dialect }: OpenedTables,
  table: Table,
  row: InsertObject<Tables, Table>,
): Promise<boolean> {
  const insert = tables.insertInto(table).values(row);
  // Not `insert ignore`, which would also cut short what is too long.
  if (dialect === 'mysql') return insert.execute().then(() => true, unlessDuplicate);
  return isOneRowChanged(insert.onConflict((conflict) => conflict.doNothing()));
}

/** Whether an insert, or an update in its place, changed a row. */
export async function isOneRowChanged(
  insert: Pick<InsertQueryBuilder<Tables, keyof Tables, InsertResult>, 'executeTakeFirst'>,
): Promise<boolean> {
  const result = await insert.executeTakeFirst();
  return Number(result?.numInsertedOrUpdatedRows) === 1;
}

// ER_DUP_ENTRY, which drivers over HTTP tell in the message alone.
function unlessDuplicate(error: unknown): false {
  const { errno, code, message } = error as { errno?: unknown; code?: unknown; message?: unknown };
  if (errno === 1062 || code === 'ER_DUP_ENTRY' || /\berrno 1062\b/.test(String(message))) return false;
  throw error;
}
