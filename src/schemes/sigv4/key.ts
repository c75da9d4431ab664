import type { Secret } from '../../core/credentials.ts';
import { utf8 } from '../../core/encoding.ts';
import type { DeriveKey } from '../../core/scheme.ts';
import { type Hmac, hmacSha256, type SigningKey } from '../../core/signing-key.ts';

/** The region and service that a signature is for. */
export type Scope = { readonly region: string; readonly service: string };

/**
 * Creates the key from which the keys of single days are derived: `AWS4` followed by the secret. Nothing can be prepended to a
 * CryptoKey, so it must have been imported from both.
 */
export function secretKey(secret: Secret, hmac: Hmac = hmacSha256): SigningKey {
  if (typeof secret === 'string') return hmac(`AWS4${secret}`);
  if (!ArrayBuffer.isView(secret)) return hmac(secret);
  const prefixed = new Uint8Array(secret.length + 4);
  prefixed.set(utf8('AWS4'));
  prefixed.set(secret, 4);
  return hmac(prefixed);
}

type Derived = ReturnType<DeriveKey>;

// Around midnight two days are in use; presigned URLs may be from any day of the past week.
const daysKept = 9;

/** Returns a function that derives the key of one day (`yyyymmdd`) and caches it. */
export function dailyKeys({ region, service }: Scope): (day: string) => DeriveKey {
  const known = new WeakMap<SigningKey, Map<string, Derived>>();
  return (day) => (key) => {
    const days = known.get(key) ?? new Map<string, Derived>();
    known.set(key, days);
    const found = days.get(day);
    if (found) return found;
    const first = key.sign(utf8(day));
    const derived =
      'then' in first
        ? first.then((bytes) => deriveDayKey(bytes, [region, service], key.hmac))
        : deriveDayKey(first, [region, service], key.hmac);
    if (days.size >= daysKept) days.clear();
    days.set(day, derived);
    return derived;
  };
}

function deriveDayKey(ofDate: Uint8Array, scope: readonly string[], hmac: Hmac = hmacSha256): SigningKey {
  let key = hmac(ofDate);
  // Keys made from bytes sign synchronously.
  for (const part of [...scope, 'aws4_request']) key = hmac(key.sign(utf8(part)) as Uint8Array);
  return key;
}
