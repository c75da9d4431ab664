import { fail } from '../core/errors.ts';
import type { KeyTable, StoredKey } from './key-table.ts';

/**
 * Reads a key, and stores what is made of it; anew where another change came between.
 *
 * @param changed undefined where nothing is to be changed.
 * @returns whether something was.
 * @throws SignatureError `unknown_key`, `key_store_unavailable`, and what `changed` throws.
 */
export const changeKey = (
  table: KeyTable,
  accessKey: string,
  changed: (key: StoredKey) => StoredKey | undefined | Promise<StoredKey | undefined>,
): Promise<boolean> =>
  untilDone(table, accessKey, async (key) => {
    const made = await changed(key);
    if (!made) return 'unchanged';
    return (await table.replace(made)) ? 'changed' : 'overtaken';
  });

/**
 * Deletes a key as it was read last; anew where a change came between.
 *
 * @throws SignatureError `unknown_key`, `key_store_unavailable`
 */
export async function deleteKey(table: KeyTable, accessKey: string): Promise<void> {
  await untilDone(table, accessKey, async ({ version }) =>
    (await table.delete(accessKey, version)) ? 'changed' : 'overtaken',
  );
}

type Outcome = 'changed' | 'unchanged' | 'overtaken';

async function untilDone(
  table: KeyTable,
  accessKey: string,
  act: (key: StoredKey) => Promise<Outcome>,
): Promise<boolean> {
  // Each loses to one that has won, so this many at once can all be done.
  for (let attempt = 0; attempt < 50; attempt++) {
    const key = await table.read(accessKey);
    if (!key) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const outcome = await act(key);
    if (outcome !== 'overtaken') return outcome === 'changed';
  }
  return fail('key_store_unavailable', `The key ${accessKey} is being changed by too many at once: try again.`, 503);
}
