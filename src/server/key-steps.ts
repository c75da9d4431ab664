import { secretKey } from '../core/credentials.ts';
import { utf8ToSign } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { PresentedSignature, Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { KeyRecord, KeySecret, KeyStore } from './contracts.ts';

/**
 * The record of an access key.
 *
 * @throws SignatureError `key_store_unavailable` when the store throws.
 */
export async function findKey(keys: KeyStore, accessKey: string): Promise<KeyRecord | undefined> {
  try {
    return await keys.find(accessKey);
  } catch (cause) {
    return fail('key_store_unavailable', 'The keys cannot be looked up now. Try again later.', 503, cause);
  }
}

/**
 * @throws SignatureError `unknown_key`, `revoked_key`, `expired_key`, `inactive_key`
 */
export function requireUsable(record: KeyRecord | undefined, now: number): asserts record is KeyRecord {
  if (!record) fail('unknown_key', 'No key has this access key.', 401);
  const { revoked, expiresAt = Infinity, notBefore = -Infinity } = record;
  if (revoked) fail('revoked_key', 'The key has been revoked.', 401);
  if (!(now < expiresAt)) fail('expired_key', 'The key has expired.', 401);
  if (!(now >= notBefore)) fail('inactive_key', 'The key is not valid yet.', 401);
}

/** Secrets as prepared keys: each is prepared once, for as long as the store hands out the same object. */
export type PreparedKeys = { get(secret: KeySecret): SigningKey };

export function preparedKeys(scheme: Scheme): PreparedKeys {
  const known = new WeakMap<KeySecret, { readonly secret: unknown; readonly key: SigningKey }>();
  return {
    get(entry) {
      const { secret } = entry;
      const found = known.get(entry);
      if (found?.secret === secret) return found.key;
      const key = scheme.createKey(secretKey(secret));
      known.set(entry, { secret, key });
      return key;
    },
  };
}

/** Takes the place of a key that does not exist, so that an unknown access key costs the same MAC as a known one. */
export const decoy: KeyRecord = {
  accessKey: '',
  service: '',
  secrets: [{ secret: new Uint8Array(32) }],
};

/** The key, of those whose secrets may be used now, that made one of the signatures; undefined where none did. */
export async function matchingKey(
  record: KeyRecord,
  presented: PresentedSignature,
  { prepared, now }: { readonly prepared: PreparedKeys; readonly now: number },
): Promise<SigningKey | undefined> {
  const data = utf8ToSign(presented.stringToSign);
  let match: SigningKey | undefined;
  for (const entry of record.secrets) {
    const { notBefore = -Infinity, expiresAt = Infinity } = entry;
    if (!(now >= notBefore && now < expiresAt)) continue;
    const key = prepared.get(entry);
    // Every signature is tried against every secret, so that time does not tell which of them fits.
    for (const signature of presented.signatures) if (await key.verify(data, signature)) match ??= key;
  }
  return match;
}
