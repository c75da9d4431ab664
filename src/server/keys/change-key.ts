import { fail } from '../../core/errors.ts';
import { type KeyTable, type StoredKey, toPlainKey } from './key-table.ts';

/**
 * Reads a key, applies a change and stores the result. Retries if another change was stored in between.
 *
 * @param change returns the changed key, or undefined if there is nothing to change.
 * @param begun the key as read when the change began. @default read now
 * @returns true if the key was changed.
 * @throws SignatureError `unknown_key`, `key_store_unavailable`, and errors of `change`.
 */
export const changeKey = (
  table: KeyTable,
  accessKey: string,
  change: (key: StoredKey) => StoredKey | undefined | Promise<StoredKey | undefined>,
  begun?: StoredKey,
): Promise<boolean> => {
  const apply = async (key: StoredKey): Promise<Outcome> => {
    const changed = await change(key);
    if (!changed) return 'unchanged';
    return (await table.replace(changed)) ? 'changed' : 'conflict';
  };
  return retryOnConflict(table, accessKey, { apply, begun });
};

/**
 * Deletes a key at the version that was read. Retries if another change was stored in between.
 *
 * @throws SignatureError `unknown_key`, `key_store_unavailable`
 */
export async function deleteKey(table: KeyTable, accessKey: string): Promise<void> {
  const apply = async ({ version }: StoredKey): Promise<Outcome> =>
    (await table.delete(accessKey, version)) ? 'changed' : 'conflict';
  await retryOnConflict(table, accessKey, { apply });
}

type Outcome = 'changed' | 'unchanged' | 'conflict';

type Change = {
  readonly apply: (key: StoredKey) => Promise<Outcome>;
  readonly begun?: StoredKey | undefined;
};

/** False if the row is a new key of the same name: a new key starts at a random version. */
const isLater = (key: StoredKey, begun: StoredKey): boolean =>
  key.version >= begun.version && key.version - begun.version < 1_000_000;

async function retryOnConflict(table: KeyTable, accessKey: string, { apply, begun }: Change): Promise<boolean> {
  let first = begun;
  // Each conflict means that another change succeeded, so up to 50 simultaneous changes all succeed.
  for (let attempt = 0; attempt < 50; attempt++) {
    const key = await table.read(accessKey);
    first ??= key;
    if (!key || !isLater(key, first ?? key)) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const outcome = await apply(toPlainKey(key));
    if (outcome !== 'conflict') return outcome === 'changed';
  }
  return fail('key_store_unavailable', `Too many changes of the key ${accessKey} at the same time: try again.`, 503);
}
