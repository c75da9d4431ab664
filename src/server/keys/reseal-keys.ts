import { SignatureError } from '../../core/errors.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { changeKey } from './change-key.ts';
import type { KeyTable, StoredSecret } from './key-table.ts';
import { everyKey } from './key-table.ts';
import type { Sealer } from './sealing.ts';

/** Which secrets to seal again, and with what. */
export type ResealOptions = {
  /** The table of the keys, such as `sqlKeys(…)`. */
  readonly table: KeyTable;
  /** Seals with its current key. Must also have the older keys, to open existing secrets. */
  readonly sealer: Sealer;
};

const names: OptionNames<ResealOptions> = { table: true, sealer: true };

/** Names one secret of a key. */
export type SecretName = { readonly accessKey: string; readonly id: string };

/** The result of {@link resealKeys}. */
export type Resealed = {
  /** How many keys were read. */
  readonly keys: number;
  /** How many secrets were sealed again with the current key. */
  readonly resealed: number;
  /** Secrets that the sealer cannot open. They are unchanged. */
  readonly unopened: readonly SecretName[];
};

/**
 * Seals every stored secret with the sealer's current key, unless it is already. Safe while servers use and change keys: a key
 * that changes in between is read again. Can be run again after an interruption.
 *
 * @throws SignatureError `key_store_unavailable`
 * @example
 * import { aesSealer, memoryKeyTable, resealKeys } from 'countersign/server';
 *
 * const newKey = () => crypto.getRandomValues(new Uint8Array(32));
 * const sealer = aesSealer({ current: '2027', keys: { '2026': newKey(), '2027': newKey() } });
 * console.log(await resealKeys({ table: memoryKeyTable(), sealer })); // → { keys: 0, resealed: 0, unopened: [] }
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
      const sealed = await reseal(secret.sealed, { sealer, accessKey });
      if (sealed !== undefined) fresh.set(secret.id, { ...secret, sealed });
    }
    const unopened = stale.filter(({ id }) => !fresh.has(id)).map(({ id }) => ({ accessKey, id }));
    done = { resealed: fresh.size, unopened };
    const secrets = key.secrets.map((secret) => fresh.get(secret.id) ?? secret);
    return fresh.size ? { ...key, secrets, version: key.version + 1 } : undefined;
  });
  return done;
}

/** Undefined if the secret cannot be opened: the others are still resealed. */
async function reseal(
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
