import { withHiddenSecret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeyRecord, KeySecret } from '../contracts.ts';
import type { StoredKey, StoredSecret } from './key-table.ts';
import type { ManagedKeysOptions } from './managed-keys.ts';
import { importPublicKey } from './public-key.ts';

/**
 * Opens stored keys, and keeps the last ones: what a secret costs to open, and a key to prepare, is paid once for as long as the
 * row stays as it is. A version alone would not do: a deleted key is made again, and a table is restored from a backup.
 */
export function recordOpener({
  secrets,
  capacity = 10_000,
}: Pick<ManagedKeysOptions, 'secrets'> & { readonly capacity: number | undefined }): (
  key: StoredKey,
) => Promise<KeyRecord> {
  const opened = new Map<string, { readonly row: string; readonly record: Promise<KeyRecord> }>();

  async function secretOf(key: StoredKey, stored: StoredSecret): Promise<KeySecret> {
    const { id, scheme, notBefore, expiresAt, sealed, publicKey } = stored;
    const validity = {
      id,
      ...(scheme !== undefined && { scheme }),
      ...(notBefore !== undefined && { notBefore }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
    if (publicKey) return { ...validity, publicKey: await importPublicKey(publicKey) };
    if ('derive' in secrets) return withHiddenSecret(validity, secrets.derive(key, id));
    if (sealed === undefined)
      return fail('key_store_unavailable', `The secret ${id} of ${key.accessKey} is not stored.`, 503);
    return withHiddenSecret(validity, await secrets.open(sealed, key.accessKey));
  }

  async function recordOf(key: StoredKey): Promise<KeyRecord> {
    const { version: _, ...rest } = key;
    return { ...rest, secrets: await Promise.all(key.secrets.map((stored) => secretOf(key, stored))) };
  }

  return (key) => {
    const { accessKey } = key;
    const row = JSON.stringify({ ...key, lastUsedAt: undefined });
    const found = opened.get(accessKey);
    // Taken out and put in again, so that the one that was not used for longest goes first.
    opened.delete(accessKey);
    const entry = found?.row === row ? found : { row, record: recordOf(key) };
    opened.set(accessKey, entry);
    evictOldest(opened, capacity);
    entry.record.catch(() => {
      if (opened.get(accessKey) === entry) opened.delete(accessKey);
    });
    return entry.record;
  };
}

/** Drops what was put in first, until no more than `capacity` is left. */
export function evictOldest<Key>(map: Map<Key, unknown>, capacity: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= capacity) break;
    map.delete(oldest);
  }
}
