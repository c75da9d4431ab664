import type { OpenedTables } from './tables.ts';

/** Rows per delete statement. SQLite limits the number of values in one. */
const batch = 500;
/** How long rows are kept after they expire, in milliseconds, so that a server whose clock is ahead removes none too early. */
const grace = 600_000;

/** A table whose rows have an id and an end. */
type ExpiringTable = 'countersign_nonces' | 'countersign_revoked_sessions';

/**
 * Removes a batch of expired rows.
 *
 * @param now in milliseconds since the epoch.
 * @returns the number of rows.
 */
export async function removeExpired({ tables }: OpenedTables, table: ExpiringTable, now: number): Promise<number> {
  const end = now - grace;
  const old = await tables
    .selectFrom(table)
    .select('id')
    .where('expires_at', '<=', end)
    .orderBy('expires_at')
    .limit(batch)
    .execute();
  if (old.length === 0) return 0;
  // Sorted, so that two servers lock rows in the same order.
  const ids = old.map(({ id }) => id).sort();
  // A row may have been claimed again in the meantime.
  await tables.deleteFrom(table).where('id', 'in', ids).where('expires_at', '<=', end).execute();
  return old.length;
}

/** Removes all expired rows, and returns their number. */
export async function removeAllExpired(
  database: OpenedTables,
  table: ExpiringTable,
  clock: () => number,
): Promise<number> {
  let total = 0;
  for (let count = batch; count === batch; total += count) count = await removeExpired(database, table, clock());
  return total;
}
