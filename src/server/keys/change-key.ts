import { fail } from '../../core/errors.ts';
import type { KeyTable, StoredKey } from './key-table.ts';

/**
 * Reads a key, and stores what is made of it; anew where another change came between.
 *
 * @param begun the key as it was read when the change began. @default as it is read now
 * @param changed undefined where nothing is to be changed.
 * @returns whether something was.
 * @throws SignatureError `unknown_key`, `key_store_unavailable`, and what `changed` throws.
 */
export const changeKey = (
  table: KeyTable,
  accessKey: string,
  changed: (key: StoredKey) => StoredKey | undefined | Promise<StoredKey | undefined>,
  begun?: StoredKey,
): Promise<boolean> => {
  const act = async (key: StoredKey): Promise<Outcome> => {
    const made = await changed(key);
    if (!made) return 'unchanged';
    return (await table.replace(made)) ? 'changed' : 'overtaken';
  };
  return untilDone(table, accessKey, { act, begun });
};

/**
 * Deletes a key as it was read last; anew where a change came between.
 *
 * @throws SignatureError `unknown_key`, `key_store_unavailable`
 */
export async function deleteKey(table: KeyTable, accessKey: string): Promise<void> {
  const act = async ({ version }: StoredKey): Promise<Outcome> =>
    (await table.delete(accessKey, version)) ? 'changed' : 'overtaken';
  await untilDone(table, accessKey, { act });
}

type Outcome = 'changed' | 'unchanged' | 'overtaken';

type Change = {
  readonly act: (key: StoredKey) => Promise<Outcome>;
  readonly begun?: StoredKey | undefined;
};

/** Whether a row that is read later is the same key: a new one of the same name begins at a version of its own. */
const isLater = (key: StoredKey, begun: StoredKey): boolean =>
  key.version >= begun.version && key.version - begun.version < 1_000_000;

async function untilDone(table: KeyTable, accessKey: string, { act, begun }: Change): Promise<boolean> {
  let first = begun;
  // Each loses to one that has won, so this many at once can all be done.
  for (let attempt = 0; attempt < 50; attempt++) {
    const key = await table.read(accessKey);
    first ??= key;
    if (!key || !isLater(key, first ?? key)) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const outcome = await act(key);
    if (outcome !== 'overtaken') return outcome === 'changed';
  }
  return fail('key_store_unavailable', `The key ${accessKey} is being changed by too many at once: try again.`, 503);
}
