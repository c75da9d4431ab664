import { checkEnvironment, generateCredentials, type PlatformKey, secretText } from '../core/credentials.ts';
import { derivedBytes } from '../core/derive.ts';
import { fail } from '../core/errors.ts';
import { changeKey, deleteKey } from './change-key.ts';
import type { KeyRecord, KeyStore } from './contracts.ts';
import { firstVersion, newSecretId, type Rotation, revoked, rotated, withoutSecret } from './key-lifecycle.ts';
import type { KeyFilter, KeyTable, StoredKey, StoredSecret } from './key-table.ts';
import { recordOpener } from './opened-keys.ts';
import { storedPublicKey } from './public-key.ts';
import { rangesOf } from './ranges.ts';
import type { Sealer } from './sealing.ts';

/** Secrets that are derived from one master secret and stored nowhere. Made by {@link derivedSecrets}. */
export type DerivedSecrets = { derive(key: Pick<StoredKey, 'accessKey' | 'environment'>, id: string): string };

/** Where keys are kept, and how their secrets are. */
export type ManagedKeysOptions = {
  readonly table: KeyTable;
  /** What seals the secrets that are stored, or derives them so that none is. */
  readonly secrets: Sealer | DerivedSecrets;
  /** How many opened keys are kept, so that an unchanged one is not opened again. @default 10000 */
  readonly capacity?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** A key to be made. */
export type NewKey = Pick<
  KeyRecord,
  'service' | 'scopes' | 'schemes' | 'algorithms' | 'addresses' | 'notBefore' | 'expiresAt' | 'explain'
> & {
  /** 1 to 64 of A-Z a-z 0-9 . _ ~ - @default a new random one */
  readonly accessKey?: string;
  /** 1 to 16 lower-case letters and digits. @default 'live' */
  readonly environment?: string;
  /** The caller's public key; then there is no secret. @default none: a secret is made */
  readonly publicKey?: PlatformKey;
  /** The name of the one scheme that the secret or public key is for. @default every scheme of the verifier */
  readonly scheme?: string;
};

/** What is told once, when a secret is made. */
export type IssuedSecret = {
  readonly accessKey: string;
  /** Which of the key's secrets it is. */
  readonly id: string;
  /** To be handed to the caller, and not told again; undefined where the caller gave a public key. */
  readonly secret: string | undefined;
};

/** Keys that can be made, changed and ended while servers run. */
export type ManagedKeys = KeyStore & {
  /** @throws SignatureError `invalid_configuration` for a key that cannot be, or exists already. */
  create(key: NewKey): Promise<IssuedSecret>;
  /**
   * Gives a key a new secret, beside which the old ones for the same scheme verify for a while.
   *
   * @param options.publicKey the caller's new public key. @default none: a secret is made
   * @param options.scheme the name of the one scheme that the new secret is for. @default every scheme of the verifier
   * @throws SignatureError `unknown_key`, `revoked_key`, `invalid_configuration`
   */
  rotate(accessKey: string, options?: Rotation & Pick<NewKey, 'publicKey' | 'scheme'>): Promise<IssuedSecret>;
  /**
   * Ends a key, or one of its secrets, at once.
   *
   * @param options.secret the id of the secret. @default all, and the key
   * @throws SignatureError `unknown_key`, `invalid_configuration` for a secret that the key does not have.
   */
  revoke(accessKey: string, options?: { readonly secret?: string }): Promise<void>;
  /**
   * Deletes a key, revoked or not: its row is gone, and its access key may be created again. To end a key, revoke it: requests
   * are then refused with a reason, and the audit has its service.
   *
   * @throws SignatureError `unknown_key`
   */
  delete(accessKey: string): Promise<void>;
  /** Keys as they are stored, without anything secret, in the order of their access keys. */
  list(filter?: KeyFilter): Promise<readonly StoredKey[]>;
  touch(accessKey: string, at: number): Promise<void>;
};

/**
 * Keys in a table, whose secrets are sealed or derived: the table alone gives an attacker nothing.
 *
 * @throws SignatureError (its functions) `key_store_unavailable` where the table, or what opens secrets, cannot be reached.
 */
export function managedKeys({ table, secrets, capacity, clock = () => Date.now() }: ManagedKeysOptions): ManagedKeys {
  const open = recordOpener({ secrets, capacity });

  type Owner = Pick<StoredKey, 'accessKey' | 'environment'>;

  async function issue(
    owner: Owner,
    { publicKey, scheme }: Pick<NewKey, 'publicKey' | 'scheme'>,
  ): Promise<IssuedSecret & { stored: StoredSecret }> {
    const { accessKey, environment } = owner;
    const id = newSecretId();
    const made = { id, createdAt: clock(), ...(scheme !== undefined && { scheme }) };
    if (publicKey) {
      return { accessKey, id, secret: undefined, stored: { ...made, publicKey: await storedPublicKey(publicKey) } };
    }
    if ('derive' in secrets) return { accessKey, id, secret: secrets.derive(owner, id), stored: made };
    const secret = secretText(environment, crypto.getRandomValues(new Uint8Array(32)));
    return { accessKey, id, secret, stored: { ...made, sealed: await secrets.seal(secret, accessKey) } };
  }

  return {
    async find(accessKey) {
      const key = await table.read(accessKey);
      return key && open(key);
    },
    async create(wanted) {
      const { accessKey, environment = 'live', publicKey, scheme, ...rest } = wanted;
      const owner = { accessKey: accessKey ?? generateCredentials({ environment }).accessKey, environment };
      checkNew({ ...wanted, ...owner });
      const { stored, ...issued } = await issue(owner, wanted);
      const key = { ...rest, ...owner, createdAt: stored.createdAt, secrets: [stored], version: firstVersion() };
      if (!(await table.insert(key))) fail('invalid_configuration', `The access key ${owner.accessKey} is taken.`);
      return issued;
    },
    async rotate(accessKey, options = {}) {
      const found = await table.read(accessKey);
      if (!found) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
      const { stored, ...issued } = await issue(found, options);
      await changeKey(table, accessKey, (key) => rotated(key, stored, options));
      return issued;
    },
    async revoke(accessKey, { secret } = {}) {
      const ended = (key: StoredKey) =>
        secret === undefined ? revoked(key, clock()) : withoutSecret(key, secret, clock());
      await changeKey(table, accessKey, ended);
    },
    async delete(accessKey) {
      await deleteKey(table, accessKey);
    },
    list: (filter = {}) => table.list(filter),
    touch: (accessKey, at) => table.touch(accessKey, at),
  };
}

function checkNew({ accessKey, environment, service, addresses = [] }: NewKey): void {
  // Shorter than the verifier's grammar allows, so that every database can index it.
  if (!/^[\w.~-]{1,64}$/.test(accessKey ?? '')) {
    fail('invalid_configuration', 'An access key has 1 to 64 of A-Z a-z 0-9 . _ ~ -');
  }
  checkEnvironment(environment ?? '');
  rangesOf(addresses);
  if (!service || service.length > 255) fail('invalid_configuration', 'A key needs a service of 1 to 255 characters.');
}

/**
 * Secrets derived from a master secret by HKDF-SHA256 (RFC 5869), for the access key and the secret's own id: no store holds
 * any, and a rotation gives another.
 *
 * @param options.master at least 32 bytes that nobody else has; whoever has it has every secret.
 * @throws SignatureError `invalid_configuration` for a shorter one.
 */
export function derivedSecrets({ master }: { readonly master: Uint8Array }): DerivedSecrets {
  if (!(master?.length >= 32)) fail('invalid_configuration', 'The master secret must have at least 32 bytes.');
  const own = new Uint8Array(master);
  return {
    derive: ({ accessKey, environment }, id) =>
      secretText(environment, derivedBytes(own, 'countersign-derived1', `${accessKey}\n${id}`)),
  };
}
