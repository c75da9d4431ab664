import { requireKnownOptions } from '../known-options.ts';
import { keyExpiry } from './key-lifecycle.ts';
import type { KeyTable } from './key-table.ts';
import { everyKey } from './key-table.ts';

/** Which keys are deleted, and from where. */
export type PruneKeysOptions = {
  /** The table of the keys, such as `sqlKeys(…)`. */
  readonly table: KeyTable;
  /** Keys that were revoked or that expired before this time are deleted, in milliseconds since the epoch. */
  readonly endedBefore: number;
  /** Looks for the keys, and deletes none. @default false */
  readonly dryRun?: boolean;
};

/** What {@link pruneKeys} has done. */
export type PrunedKeys = {
  /** How many keys were looked at. */
  readonly keys: number;
  /** The access keys that were deleted, in order. */
  readonly deleted: readonly string[];
};

/**
 * Deletes the keys that ended before a given time. Servers may use and change keys meanwhile: a key that changes after it was read
 * stays. A deleted access key may be created again.
 *
 * @throws SignatureError `key_store_unavailable` where the table does not respond.
 */
export async function pruneKeys(options: PruneKeysOptions): Promise<PrunedKeys> {
  // A misspelt `dryRun` would delete.
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
