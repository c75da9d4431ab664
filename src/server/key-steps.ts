import { secretKey } from '../core/credentials.ts';
import { utf8ToSign } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { PresentedSignature, Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { KeyRecord, KeySecret, KeyStore } from './contracts.ts';

const unavailable = (cause?: unknown): never =>
  fail('key_store_unavailable', 'The keys cannot be looked up now. Try again later.', 503, cause);

/**
 * The record of an access key.
 *
 * @throws SignatureError `key_store_unavailable` when the store throws, or answers what is no record.
 */
export async function findKey(keys: KeyStore, accessKey: string): Promise<KeyRecord | undefined> {
  let found: KeyRecord | undefined;
  try {
    found = await keys.find(accessKey);
  } catch (cause) {
    unavailable(cause);
  }
  // Databases that ignore case find other keys than the one asked for, and give one caller many names.
  if (!found || found.accessKey !== accessKey) return undefined;
  return Array.isArray(found.secrets) ? found : unavailable();
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

// Tried where there is no secret to try, so that time does not tell which access keys exist. It never matches.
const decoy: KeySecret = { secret: new Uint8Array(32) };

/**
 * The key, of those whose secrets may be used now, that made one of the signatures; undefined where none did.
 *
 * @throws SignatureError `key_store_unavailable` for a secret that cannot be used.
 */
export async function matchingKey(
  record: KeyRecord | undefined,
  presented: PresentedSignature,
  { prepared, now }: { readonly prepared: PreparedKeys; readonly now: number },
): Promise<SigningKey | undefined> {
  const data = utf8ToSign(presented.stringToSign);
  let match: SigningKey | undefined;
  try {
    const inUse = record?.secrets.filter((entry) => isInUse(entry, now)) ?? [];
    for (const entry of inUse.length ? inUse : [decoy]) {
      const key = prepared.get(entry);
      // Every signature is tried against every secret, so that time does not tell which of them fits.
      for (const signature of presented.signatures) {
        const verdict = key.verify(data, signature);
        if ((typeof verdict === 'boolean' ? verdict : await verdict) && entry !== decoy) match ??= key;
      }
    }
  } catch (cause) {
    unavailable(cause);
  }
  return match;
}

const isInUse = ({ notBefore = -Infinity, expiresAt = Infinity }: KeySecret, now: number): boolean =>
  now >= notBefore && now < expiresAt;
