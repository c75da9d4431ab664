import { SignatureError } from '../../core/errors.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { changeKey } from './change-key.ts';
import type { KeyTable, StoredSecret } from './key-table.ts';
import { everyKey } from './key-table.ts';
import type { Sealer } from './sealing.ts';

/** Whose secrets are sealed anew, and by what. */
export type ResealOptions = {
  /** The table of the keys, such as `sqlKeys(…)`. */
  readonly table: KeyTable;
  /** Seals with its current key; has the older ones too, or else it cannot open what they sealed. */
  readonly sealer: Sealer;
};

const names: OptionNames<ResealOptions> = { table: true, sealer: true };

/** A secret of a key. */
export type SecretName = { readonly accessKey: string; readonly id: string };

/** What {@link resealKeys} has done. */
export type Resealed = {
  /** How many keys were looked at. */
  readonly keys: number;
  /** How many secrets were sealed with an older key, and are sealed with the current one now. */
  readonly resealed: number;
  /** Secrets that the sealer cannot open; they stay as they are. */
  readonly unopened: readonly SecretName[];
};

/**
 * Seals every stored secret anew that is sealed with another key than the sealer's current one. Servers may use and change
 * keys meanwhile: a key that is changed in between is read again. Run again, it does what was left.
 *
 * @throws SignatureError `key_store_unavailable` where the table gives no answer.
 */
export async function resealKeys(options: ResealOptions): Promise<Resealed> {
  requireKnownOptions(options, names, 'resealKeys()');
  const { table, sealer } = options;
  const unopened: SecretName[] = [];
  let keys = 0;
  let resealed = 0;
  for await (const { accessKey, secrets } of everyKey(table)) {
    keys++;
    if (!secrets.some(({ sealed }) => isStale(sealed, sealer))) continue;
    const done = await resealKey({ table, sealer }, accessKey);
    resealed += done.resealed;
    unopened.push(...done.unopened);
  }
  return { keys, resealed, unopened };
}

const isStale = (sealed: string | undefined, sealer: Sealer): boolean => sealed !== undefined && sealer.isStale(sealed);

async function resealKey({ table, sealer }: ResealOptions, accessKey: string): Promise<Omit<Resealed, 'keys'>> {
  let done: Omit<Resealed, 'keys'> = { resealed: 0, unopened: [] };
  await changeKey(table, accessKey, async (key) => {
    const stale = key.secrets.filter(({ sealed }) => isStale(sealed, sealer));
    const fresh = new Map<string, StoredSecret>();
    for (const secret of stale) {
      const sealed = await sealedAnew(secret.sealed, { sealer, accessKey });
      if (sealed !== undefined) fresh.set(secret.id, { ...secret, sealed });
    }
    const unopened = stale.filter(({ id }) => !fresh.has(id)).map(({ id }) => ({ accessKey, id }));
    done = { resealed: fresh.size, unopened };
    const secrets = key.secrets.map((secret) => fresh.get(secret.id) ?? secret);
    return fresh.size ? { ...key, secrets, version: key.version + 1 } : undefined;
  });
  return done;
}

/** Undefined where it cannot be opened: the others can all the same. */
async function sealedAnew(
  sealed = '',
  { sealer, accessKey }: Pick<ResealOptions, 'sealer'> & Pick<SecretName, 'accessKey'>,
): Promise<string | undefined> {
  let secret: string | Uint8Array;
  try {
    secret = await sealer.open(sealed, accessKey);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
  return sealer.seal(secret, accessKey);
}
