import { requireKnownOptions } from '../known-options.ts';
import { keyExpiry } from './key-lifecycle.ts';
import type { KeyTable } from './key-table.ts';
import { everyKey } from './key-table.ts';

/** Which keys to delete. */
export type PruneKeysOptions = {
  /** The table of the keys, such as `sqlKeys(…)`. */
  readonly table: KeyTable;
  /** Deletes keys that were revoked or expired before this time, in milliseconds since the epoch. */
  readonly endedBefore: number;
  /** Only reports what would be deleted. @default false */
  readonly dryRun?: boolean;
};

/** The result of {@link pruneKeys}. */
export type PrunedKeys = {
  /** How many keys were read. */
  readonly keys: number;
  /** The deleted access keys, in order. */
  readonly deleted: readonly string[];
};

/**
 * Deletes the keys that ended before a given time. Safe while servers use and change keys: a key that changes after it was read
 * is kept. A deleted access key can be created again.
 *
 * @throws SignatureError `key_store_unavailable`
 * @example
 * import { memoryKeyTable, pruneKeys } from 'countersign/server';
 *
 * const ninetyDays = 90 * 86_400_000;
 * const { deleted } = await pruneKeys({ table: memoryKeyTable(), endedBefore: Date.now() - ninetyDays });
 * console.log(deleted.length); // → 0
 */
export async function pruneKeys(options: PruneKeysOptions): Promise<PrunedKeys> {
  // Otherwise a misspelt `dryRun` would delete keys.
  requireKnownOptions(options, { table: true, endedBefore: true, dryRun: true }, 'pruneKeys()');
  const { table, endedBefore, dryRun = false } = options;
  const deleted: string[] = [];
  let keys = 0;
  for await (const key of everyKey(table)) {
    keys++;
    if (!(keyExpiry(key) < endedBefore)) continue;
    if (dryRun || (await table.delete(key.accessKey, key.version))) deleted.push(key.accessKey);
  }
  return { keys, deleted };
}
