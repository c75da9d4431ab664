import { formatSecret, generateCredentials, type PlatformKey } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeyStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { changeKey, deleteKey } from './change-key.ts';
import type { DerivedSecrets } from './derived-secrets.ts';
import { firstVersion, newSecretId, type Rotation, revokeKey, rotateKey, withoutSecret } from './key-lifecycle.ts';
import type { KeyFilter, KeyTable, StoredKey, StoredSecret } from './key-table.ts';
import { checkNewKey, type NewKey } from './new-key.ts';
import { recordOpener } from './opened-keys.ts';
import { exportPublicKey } from './public-key.ts';
import type { Sealer } from './sealing.ts';

/** Where keys are kept, and how their secrets are. */
export type ManagedKeysOptions = {
  /** The table of the keys: `sqlKeys(…)`, or `memoryKeyTable()` for tests. */
  readonly table: KeyTable;
  /** What seals the secrets that are stored, or derives them so that none is. */
  readonly secrets: Sealer | DerivedSecrets;
  /** How many opened keys are kept, so that an unchanged one is not opened again. @default 10000 */
  readonly capacity?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** What is told once, when a secret is made. */
export type IssuedSecret = {
  readonly accessKey: string;
  /** Which of the key's secrets it is. */
  readonly id: string;
  /** To be handed to the caller, and not told again. */
  readonly secret: string;
  /** When the key ends, in milliseconds since the epoch; absent where it has no end. */
  readonly expiresAt?: number;
};

/** What is told where the caller gave a public key: there is no secret. */
export type RegisteredPublicKey = Omit<IssuedSecret, 'secret'> & { readonly secret?: never };

type WithSecret<Options> = Omit<Options, 'publicKey'> & { readonly publicKey?: never };
type WithPublicKey<Options> = Omit<Options, 'publicKey'> & { readonly publicKey: PlatformKey };

/** How a key is rotated. */
export type RotateOptions = Rotation & Pick<NewKey, 'publicKey' | 'scheme'>;

/** Keys that can be made, changed and ended while servers run. */
export type ManagedKeys = KeyStore & {
  /**
   * Makes a key, and its secret unless the caller gave a `publicKey`.
   *
   * @throws SignatureError `invalid_configuration` for a key that cannot be, or exists already; for an option that does not exist;
   * for an `expiresAt` that has passed, and a time that is not in milliseconds since the epoch.
   */
  create(key: WithSecret<NewKey>): Promise<IssuedSecret>;
  create(key: WithPublicKey<NewKey>): Promise<RegisteredPublicKey>;
  create(key: NewKey): Promise<IssuedSecret | RegisteredPublicKey>;
  /**
   * Gives a key a new secret, beside which the old ones for the same scheme verify for a while.
   *
   * @param options.publicKey the caller's new public key. @default none: a secret is made
   * @param options.scheme the name of the one scheme that the new secret is for. @default every scheme of the verifier
   * @throws SignatureError `unknown_key`, `revoked_key`, `invalid_configuration`
   */
  rotate(accessKey: string, options?: WithSecret<RotateOptions>): Promise<IssuedSecret>;
  rotate(accessKey: string, options: WithPublicKey<RotateOptions>): Promise<RegisteredPublicKey>;
  rotate(accessKey: string, options?: RotateOptions): Promise<IssuedSecret | RegisteredPublicKey>;
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

  async function issue(
    { accessKey, environment, expiresAt }: Pick<StoredKey, 'accessKey' | 'environment' | 'expiresAt'>,
    { publicKey, scheme }: Pick<NewKey, 'publicKey' | 'scheme'>,
  ): Promise<Issue> {
    const id = newSecretId();
    const made = { id, createdAt: clock(), ...(scheme !== undefined && { scheme }) };
    const told = { accessKey, id, ...(expiresAt !== undefined && { expiresAt }) };
    if (publicKey) return { told, stored: { ...made, publicKey: await exportPublicKey(publicKey) } };
    if ('derive' in secrets) {
      return { told: { ...told, secret: secrets.derive({ accessKey, environment }, id) }, stored: made };
    }
    const secret = formatSecret(environment, crypto.getRandomValues(new Uint8Array(32)));
    return { told: { ...told, secret }, stored: { ...made, sealed: await secrets.seal(secret, accessKey) } };
  }

  function create(wanted: WithSecret<NewKey>): Promise<IssuedSecret>;
  function create(wanted: WithPublicKey<NewKey>): Promise<RegisteredPublicKey>;
  function create(wanted: NewKey): Promise<IssuedSecret | RegisteredPublicKey>;
  async function create(wanted: NewKey): Promise<IssuedSecret | RegisteredPublicKey> {
    checkNewKey(wanted, clock());
    const { environment = 'live', accessKey = generateCredentials({ environment }).accessKey, ...others } = wanted;
    const { publicKey, scheme, ...rest } = others;
    const { stored, told } = await issue({ ...rest, accessKey, environment }, wanted);
    const { createdAt } = stored;
    const key = { ...rest, accessKey, environment, createdAt, secrets: [stored], version: firstVersion() };
    if (!(await table.insert(key))) fail('invalid_configuration', `The access key ${accessKey} is taken.`);
    return told;
  }

  function rotate(accessKey: string, options?: WithSecret<RotateOptions>): Promise<IssuedSecret>;
  function rotate(accessKey: string, options: WithPublicKey<RotateOptions>): Promise<RegisteredPublicKey>;
  function rotate(accessKey: string, options?: RotateOptions): Promise<IssuedSecret | RegisteredPublicKey>;
  async function rotate(accessKey: string, options: RotateOptions = {}): Promise<IssuedSecret | RegisteredPublicKey> {
    requireKnownOptions(options, rotateNames, 'rotate()');
    const found = await table.read(accessKey);
    if (!found) return fail('unknown_key', `No key has the access key ${accessKey}.`, 401);
    const { stored, told } = await issue(found, options);
    await changeKey(table, accessKey, (key) => rotateKey(key, stored, options), found);
    return told;
  }

  return {
    async find(accessKey) {
      const key = await table.read(accessKey);
      return key && open(key);
    },
    create,
    rotate,
    async revoke(accessKey, options = {}) {
      // A misspelt `secret` would end the whole key.
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

/** What is told of a new secret or public key, and what is stored of it. */
type Issue = { readonly told: IssuedSecret | RegisteredPublicKey; readonly stored: StoredSecret };

const rotateNames: OptionNames<RotateOptions> = { overlap: true, startsAt: true, publicKey: true, scheme: true };
