import { withHiddenSecret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeyRecord, KeySecret } from '../contracts.ts';
import type { StoredKey, StoredSecret } from './key-table.ts';
import type { ManagedKeysOptions } from './managed-keys.ts';
import { importPublicKey } from './public-key.ts';

/**
 * Opens stored keys, and caches the result per row, so that opening secrets and preparing keys costs once. Entries are compared
 * by the whole row, because a version may repeat: a table may be restored from a backup.
 */
export function recordOpener({
  secrets,
  capacity = 10_000,
}: Pick<ManagedKeysOptions, 'secrets'> & { readonly capacity: number | undefined }): (
  key: StoredKey,
) => Promise<KeyRecord> {
  const opened = new Map<string, { readonly row: string; readonly record: Promise<KeyRecord> }>();

  async function openSecret(key: StoredKey, stored: StoredSecret): Promise<KeySecret> {
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

  async function openKey(key: StoredKey): Promise<KeyRecord> {
    const { version: _, ...rest } = key;
    return { ...rest, secrets: await Promise.all(key.secrets.map((stored) => openSecret(key, stored))) };
  }

  return (key) => {
    const { accessKey } = key;
    const row = JSON.stringify({ ...key, lastUsedAt: undefined });
    const found = opened.get(accessKey);
    // Deleted and set again, so that the least recently used entry is evicted first.
    opened.delete(accessKey);
    const entry = found?.row === row ? found : { row, record: openKey(key) };
    opened.set(accessKey, entry);
    evictOldest(opened, capacity);
    entry.record.catch(() => {
      if (opened.get(accessKey) === entry) opened.delete(accessKey);
    });
    return entry.record;
  };
}

/** Deletes the oldest entries until at most `capacity` are left. */
export function evictOldest<Key>(map: Map<Key, unknown>, capacity: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= capacity) break;
    map.delete(oldest);
  }
}
