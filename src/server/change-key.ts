import { fail } from '../core/errors.ts';
import type { KeyTable, StoredKey } from './key-table.ts';

/**
 * Reads a key, and stores what is made of it; anew where another change came between.
 *
 * @param changed undefined where nothing is to be changed.
 * @returns whether something was.
 * @throws SignatureError `unknown_key`, `key_store_unavailable`, and what `changed` throws.
 */
export async function changeKey(
  table: KeyTable,
  accessKey: string,
  changed: (key: StoredKey) => StoredKey | undefined | Promise<StoredKey | undefined>,
): Promise<boolean> {
  // Each loses to one that has won, so this many at once can all be done.
  for (let attempt = 0; attempt < 50; attempt++) {
    const key = await table.read(accessKey);
    if (!key) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const made = await changed(key);
    if (!made) return false;
    if (await table.replace(made)) return true;
  }
  return fail('key_store_unavailable', `The key ${accessKey} is being changed by too many at once: try again.`, 503);
}
