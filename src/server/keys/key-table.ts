import type { KeyRecord } from '../contracts.ts';

/** One of a key's secrets as it is stored: JSON. */
export type StoredSecret = {
  /** Unlike every other of the same key. */
  readonly id: string;
  /** In milliseconds since the epoch, as the others. */
  readonly createdAt: number;
  readonly notBefore?: number;
  readonly expiresAt?: number;
  /** The name of the one scheme that it is for. @default every scheme of the verifier */
  readonly scheme?: string;
  /** What a sealer made of the secret; absent where it is derived, and for public keys. */
  readonly sealed?: string;
  readonly publicKey?: StoredPublicKey;
};

/** A public key as it is stored. */
export type StoredPublicKey = {
  /** SubjectPublicKeyInfo (RFC 5280) in base64. */
  readonly spki: string;
  /** What `crypto.subtle.importKey` needs beside it. */
  readonly algorithm: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
};

/** A key as it is stored: JSON, without any secret that is not sealed. */
export type StoredKey = Omit<KeyRecord, 'secrets'> & {
  readonly environment: string;
  readonly createdAt: number;
  readonly secrets: readonly StoredSecret[];
  /** When the key was revoked, in milliseconds since the epoch. */
  readonly revokedAt?: number;
  /**
   * Grows by one with each change, so that two changes at once cannot undo each other. A new key begins at a random number, so
   * that no change of a deleted key meets a new key of the same name.
   */
  readonly version: number;
};

/** Which keys to list. */
export type KeyFilter = {
  /** Those of one owner. @default all */
  readonly service?: string;
  /** Those whose access keys come after this one, in the order of code units. @default from the first */
  readonly after?: string;
  /** How many at most. @default 100 */
  readonly limit?: number;
};

/** Where keys are stored: what a database has to do for `managedKeys`, and nothing more. */
export type KeyTable = {
  read(accessKey: string): Promise<StoredKey | undefined>;
  /** @returns false, and changes nothing, where the access key is taken. */
  insert(key: StoredKey): Promise<boolean>;
  /** @returns false, and changes nothing, where the stored version is not the one before `key.version`. */
  replace(key: StoredKey): Promise<boolean>;
  /** @returns false, and deletes nothing, where there is no such key or the stored version is another. */
  delete(accessKey: string, version: number): Promise<boolean>;
  /** In the order of their access keys. */
  list(filter: KeyFilter): Promise<readonly StoredKey[]>;
  /** Sets `lastUsedAt`, unless it is later already; changes no version. */
  touch(accessKey: string, at: number): Promise<void>;
};

/** Keys in this process alone: for tests and demonstrations. */
export function memoryKeyTable(): KeyTable {
  const keys = new Map<string, StoredKey>();
  return {
    read: async (accessKey) => keys.get(accessKey),
    async insert(key) {
      if (keys.has(key.accessKey)) return false;
      keys.set(key.accessKey, structuredClone(key));
      return true;
    },
    async replace(key) {
      const stored = keys.get(key.accessKey);
      if (stored?.version !== key.version - 1) return false;
      keys.set(key.accessKey, { ...structuredClone(key), ...lastUse(stored) });
      return true;
    },
    async delete(accessKey, version) {
      return keys.get(accessKey)?.version === version && keys.delete(accessKey);
    },
    async list({ service, after = '', limit = 100 }) {
      return [...keys.values()]
        .filter((key) => key.accessKey > after && (service === undefined || key.service === service))
        .sort((a, b) => (a.accessKey < b.accessKey ? -1 : 1))
        .slice(0, limit);
    },
    async touch(accessKey, at) {
      const stored = keys.get(accessKey);
      if (stored && !((stored.lastUsedAt ?? 0) >= at)) keys.set(accessKey, { ...stored, lastUsedAt: at });
    },
  };
}

const lastUse = ({ lastUsedAt }: StoredKey): Pick<StoredKey, 'lastUsedAt'> =>
  lastUsedAt === undefined ? {} : { lastUsedAt };

/** How many keys are read at a time. */
const page = 100;

/** Every key of a table, in the order of access keys, read a page at a time. */
export async function* everyKey(table: KeyTable): AsyncGenerator<StoredKey, void> {
  let after = '';
  for (;;) {
    const found = await table.list({ after, limit: page });
    yield* found;
    const last = found.at(-1);
    if (!last || found.length < page) return;
    after = last.accessKey;
  }
}
