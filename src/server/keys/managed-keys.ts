import { formatSecret, generateCredentials, type PlatformKey } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeyStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { changeKey, deleteKey } from './change-key.ts';
import type { DerivedSecrets } from './derived-secrets.ts';
import { firstVersion, newSecretId, type Rotation, revokeKey, rotateKey, withoutSecret } from './key-lifecycle.ts';
import { type KeyFilter, type KeyTable, type StoredKey, type StoredSecret, toPlainKey } from './key-table.ts';
import { type NewKey, readNewKey } from './new-key.ts';
import { recordOpener } from './opened-keys.ts';
import { exportPublicKey } from './public-key.ts';
import type { Sealer } from './sealing.ts';

/** Where keys are stored, and how their secrets are protected. */
export type ManagedKeysOptions = {
  /** The table of the keys: `sqlKeys(…)`, or `memoryKeyTable()` for tests. */
  readonly table: KeyTable;
  /** Seals the secrets for storage, or derives them so that none is stored. */
  readonly secrets: Sealer | DerivedSecrets;
  /** Maximum number of opened keys in memory. An unchanged key is not opened again. @default 10000 */
  readonly capacity?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** A new secret. The only time that the secret is returned. */
export type IssuedSecret = {
  readonly accessKey: string;
  /** Identifies the secret within the key. */
  readonly id: string;
  /** For the caller. It cannot be retrieved later. */
  readonly secret: string;
  /** When the key expires, in milliseconds since the epoch; absent if it does not expire. */
  readonly expiresAt?: number;
};

/** The result if the caller supplied a public key: there is no secret. */
export type RegisteredPublicKey = Omit<IssuedSecret, 'secret'> & { readonly secret?: never };

type WithSecret<Options> = Omit<Options, 'publicKey'> & { readonly publicKey?: never };
type WithPublicKey<Options> = Omit<Options, 'publicKey'> & { readonly publicKey: PlatformKey };

/** Options of a key rotation. */
export type RotateOptions = Rotation & Pick<NewKey, 'publicKey' | 'scheme'>;

/** Keys that can be created, changed and revoked while servers run. */
export type ManagedKeys = KeyStore & {
  /**
   * Creates a key. Generates a secret, unless `publicKey` is given.
   *
   * @throws SignatureError `invalid_configuration` for an unknown option or invalid value, for an access key that exists, for an
   * `expiresAt` that has passed, and for a time that is not in milliseconds since the epoch.
   */
  create(key: WithSecret<NewKey>): Promise<IssuedSecret>;
  create(key: WithPublicKey<NewKey>): Promise<RegisteredPublicKey>;
  create(key: NewKey): Promise<IssuedSecret | RegisteredPublicKey>;
  /**
   * Adds a new secret to a key. Its old secrets remain valid for the overlap. With `scheme`, only old secrets for that scheme alone end.
   *
   * @param options.publicKey the caller's new public key. @default none: a secret is generated
   * @param options.scheme the only scheme, by name, that the new secret is for. @default every scheme of the verifier
   * @throws SignatureError `unknown_key`, `revoked_key`, `invalid_configuration`
   */
  rotate(accessKey: string, options?: WithSecret<RotateOptions>): Promise<IssuedSecret>;
  rotate(accessKey: string, options: WithPublicKey<RotateOptions>): Promise<RegisteredPublicKey>;
  rotate(accessKey: string, options?: RotateOptions): Promise<IssuedSecret | RegisteredPublicKey>;
  /**
   * Revokes a key, or one of its secrets, at once.
   *
   * @param options.secret the id of the secret. @default the whole key
   * @throws SignatureError `unknown_key`, `invalid_configuration` if the key has no such secret.
   */
  revoke(accessKey: string, options?: { readonly secret?: string }): Promise<void>;
  /**
   * Deletes a key, revoked or not: its row is removed, and the access key can be created again. Prefer `revoke`: requests are
   * then refused with the precise reason, and the audit knows the service.
   *
   * @throws SignatureError `unknown_key`
   */
  delete(accessKey: string): Promise<void>;
  /** Keys as stored, without secrets, ordered by access key. */
  list(filter?: KeyFilter): Promise<readonly StoredKey[]>;
  touch(accessKey: string, at: number): Promise<void>;
};

/**
 * Manages keys in a table. Their secrets are sealed or derived, so the table alone is useless to an attacker.
 *
 * @throws SignatureError `key_store_unavailable`, from its functions, if the table or the sealer is unavailable.
 * @example
 * import { aesSealer, managedKeys, memoryKeyTable } from 'countersign/server';
 *
 * const key = crypto.getRandomValues(new Uint8Array(32)); // in production: from a secret manager
 * const secrets = aesSealer({ current: '2026', keys: { '2026': key } });
 * const keys = managedKeys({ table: memoryKeyTable(), secrets });
 * const { accessKey, secret } = await keys.create({ service: 'billing' });
 */
export function managedKeys(options: ManagedKeysOptions): ManagedKeys {
  return deliveringKeys(options, () => {});
}

/**
 * Like `managedKeys`, but delivers a new secret before it is stored: one that cannot be delivered changes nothing.
 *
 * @param deliver throws if it cannot.
 */
export function deliveringKeys(
  { table, secrets, capacity, clock = () => Date.now() }: ManagedKeysOptions,
  deliver: (issued: IssuedSecret | RegisteredPublicKey) => void,
): ManagedKeys {
  const open = recordOpener({ secrets, capacity });

  async function issue(
    { accessKey, environment, expiresAt }: Pick<StoredKey, 'accessKey' | 'environment' | 'expiresAt'>,
    { publicKey, scheme }: Pick<NewKey, 'publicKey' | 'scheme'>,
  ): Promise<Issue> {
    if (scheme !== undefined && (typeof scheme !== 'string' || !scheme))
      fail('invalid_configuration', 'scheme must be the name of a scheme.');
    const id = newSecretId();
    const made = { id, createdAt: clock(), ...(scheme !== undefined && { scheme }) };
    const issued = { accessKey, id, ...(expiresAt !== undefined && { expiresAt }) };
    if (publicKey) return { issued, stored: { ...made, publicKey: await exportPublicKey(publicKey) } };
    if ('derive' in secrets) {
      return { issued: { ...issued, secret: secrets.derive({ accessKey, environment }, id) }, stored: made };
    }
    const secret = formatSecret(environment, crypto.getRandomValues(new Uint8Array(32)));
    return { issued: { ...issued, secret }, stored: { ...made, sealed: await secrets.seal(secret, accessKey) } };
  }

  function create(wanted: WithSecret<NewKey>): Promise<IssuedSecret>;
  function create(wanted: WithPublicKey<NewKey>): Promise<RegisteredPublicKey>;
  function create(wanted: NewKey): Promise<IssuedSecret | RegisteredPublicKey>;
  async function create(wanted: NewKey): Promise<IssuedSecret | RegisteredPublicKey> {
    const given = readNewKey(wanted, clock());
    const { environment = 'live', accessKey = generateCredentials({ environment }).accessKey, ...others } = given;
    const { publicKey, scheme, ...rest } = others;
    const { stored, issued } = await issue({ ...rest, accessKey, environment }, given);
    const { createdAt } = stored;
    const key = { ...rest, accessKey, environment, createdAt, secrets: [stored], version: firstVersion() };
    deliver(issued);
    if (!(await table.insert(key))) fail('invalid_configuration', `The access key ${accessKey} is taken.`);
    return issued;
  }

  function rotate(accessKey: string, options?: WithSecret<RotateOptions>): Promise<IssuedSecret>;
  function rotate(accessKey: string, options: WithPublicKey<RotateOptions>): Promise<RegisteredPublicKey>;
  function rotate(accessKey: string, options?: RotateOptions): Promise<IssuedSecret | RegisteredPublicKey>;
  async function rotate(accessKey: string, options: RotateOptions = {}): Promise<IssuedSecret | RegisteredPublicKey> {
    requireKnownOptions(options, rotateNames, 'rotate()');
    const found = await table.read(accessKey);
    if (!found) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const { stored, issued } = await issue(found, options);
    deliver(issued);
    await changeKey(table, accessKey, (key) => rotateKey(key, stored, options), found);
    return issued;
  }

  return {
    async find(accessKey) {
      const key = await table.read(accessKey);
      return key && open(toPlainKey(key));
    },
    create,
    rotate,
    async revoke(accessKey, options = {}) {
      // Otherwise a misspelt `secret` would revoke the whole key.
      requireKnownOptions(options, { secret: true }, 'revoke()');
      const { secret } = options;
      const ended = (key: StoredKey) =>
        secret === undefined ? revokeKey(key, clock()) : withoutSecret(key, secret, clock());
      await changeKey(table, accessKey, ended);
    },
    async delete(accessKey) {
      await deleteKey(table, accessKey);
    },
    async list(filter = {}) {
      requireKnownOptions(filter, { service: true, after: true, limit: true }, 'list()');
      return table.list(filter);
    },
    touch: (accessKey, at) => table.touch(accessKey, at),
  };
}

/** A new secret or public key: the value to return, and the value to store. */
type Issue = { readonly issued: IssuedSecret | RegisteredPublicKey; readonly stored: StoredSecret };

const rotateNames: OptionNames<RotateOptions> = { overlap: true, startsAt: true, publicKey: true, scheme: true };
