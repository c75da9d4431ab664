import { fail } from '../../core/errors.ts';
import type { KeyRecord } from '../contracts.ts';
import { copyKnown, type OptionNames } from '../known-options.ts';

/** A secret or public key as stored, in JSON. */
export type StoredSecret = {
  /** Unique within the key. */
  readonly id: string;
  /** In milliseconds since the epoch, like the other times. */
  readonly createdAt: number;
  readonly notBefore?: number;
  readonly expiresAt?: number;
  /** Restricts the secret to one scheme, by name. @default every scheme of the verifier */
  readonly scheme?: string;
  /** The sealed secret; absent for derived secrets and public keys. */
  readonly sealed?: string;
  readonly publicKey?: StoredPublicKey;
};

const secretNames: OptionNames<StoredSecret> = {
  id: true,
  createdAt: true,
  notBefore: true,
  expiresAt: true,
  scheme: true,
  sealed: true,
  publicKey: true,
};

/** A public key as stored. */
export type StoredPublicKey = {
  /** SubjectPublicKeyInfo (RFC 5280) in base64. */
  readonly spki: string;
  /** The algorithm parameters for `crypto.subtle.importKey`. */
  readonly algorithm: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
};

/** A key as stored: JSON, with all secrets sealed. */
export type StoredKey = Omit<KeyRecord, 'secrets'> & {
  readonly environment: string;
  readonly createdAt: number;
  readonly secrets: readonly StoredSecret[];
  /** When the key was revoked, in milliseconds since the epoch. */
  readonly revokedAt?: number;
  /**
   * Incremented by each change, so that concurrent changes cannot overwrite each other. Starts at a random number, so that a
   * change of a deleted key cannot apply to a new key of the same name.
   */
  readonly version: number;
};

const keyNames: OptionNames<StoredKey> = {
  accessKey: true,
  service: true,
  environment: true,
  createdAt: true,
  secrets: true,
  scopes: true,
  notBefore: true,
  expiresAt: true,
  revoked: true,
  revokedAt: true,
  schemes: true,
  algorithms: true,
  addresses: true,
  lastUsedAt: true,
  explain: true,
  sessions: true,
  version: true,
};

/** Copies a key to plain objects: a table may return its rows as objects of a class. */
export const toPlainKey = (key: StoredKey): StoredKey => ({
  ...copyKnown(key, keyNames),
  secrets: key.secrets.map((secret) => copyKnown(secret, secretNames)),
});

/** Which keys to list. */
export type KeyFilter = {
  /** Only keys of this owner. @default all owners */
  readonly service?: string;
  /** Only keys whose access keys sort after this one, by code units. @default from the first */
  readonly after?: string;
  /** Maximum number of keys. @default 100 */
  readonly limit?: number;
};

/** The storage of `managedKeys`: the operations that a database has to support. */
export type KeyTable = {
  read(accessKey: string): Promise<StoredKey | undefined>;
  /** @returns false, without a change, if the access key exists. */
  insert(key: StoredKey): Promise<boolean>;
  /** @returns false, without a change, if the stored version is not `key.version - 1`. */
  replace(key: StoredKey): Promise<boolean>;
  /** @returns false, without a change, if the key does not exist or has another version. */
  delete(accessKey: string, version: number): Promise<boolean>;
  /** Ordered by access key. */
  list(filter: KeyFilter): Promise<readonly StoredKey[]>;
  /** Sets `lastUsedAt` unless the stored value is later. Does not change the version. */
  touch(accessKey: string, at: number): Promise<void>;
};

/**
 * A key table in the memory of this process, for tests and demonstrations.
 *
 * @example
 * import { derivedSecrets, managedKeys, memoryKeyTable } from 'countersign/server';
 *
 * const secrets = derivedSecrets({ master: crypto.getRandomValues(new Uint8Array(32)) });
 * const keys = managedKeys({ table: memoryKeyTable(), secrets });
 */
export function memoryKeyTable(): KeyTable {
  const keys = new Map<string, StoredKey>();
  return {
    read: async (accessKey) => keys.get(accessKey),
    async insert(key) {
      if (keys.has(key.accessKey)) return false;
      keys.set(key.accessKey, structuredClone(toPlainKey(key)));
      return true;
    },
    async replace(key) {
      const stored = keys.get(key.accessKey);
      if (stored?.version !== key.version - 1) return false;
      keys.set(key.accessKey, { ...structuredClone(toPlainKey(key)), ...lastUse(stored) });
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

/** Number of keys per read. */
const page = 100;

/**
 * Iterates over all keys of a table, ordered by access key, one page at a time.
 *
 * @throws SignatureError `key_store_unavailable` for a row with the access key of an earlier one: reading on would never end.
 */
export async function* everyKey(table: KeyTable): AsyncGenerator<StoredKey, void> {
  let after = '';
  for (;;) {
    const found = await table.list({ after, limit: page });
    for (const key of found) {
      if (key.accessKey <= after) fail('key_store_unavailable', 'The table lists a key twice, or not in order.', 503);
      yield key;
      after = key.accessKey;
    }
    if (found.length < page) return;
  }
}
