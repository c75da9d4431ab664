import { isBytes } from '../../core/body.ts';
import { fail } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { nativeHmacSha256 } from '../../schemes/native-hmac.ts';
import type { KeySecret } from '../contracts.ts';
import { checkKeySecret } from '../keys/key-secret.ts';

/** A secret of a key record, with its signing key. */
export type PreparedSecret = { readonly secret: KeySecret; readonly key: SigningKey };

/** The signing keys of one scheme. Each is created once per object that the store returns. */
export type PreparedKeys = {
  /** Undefined if the secret is for another scheme, or is a public key and the scheme has only shared secrets. */
  get(secret: KeySecret): SigningKey | undefined;
};

type Given = NonNullable<KeySecret['secret'] | KeySecret['publicKey']>;
type Known = WeakMap<KeySecret, { readonly given: Given; readonly key: SigningKey }>;

const shared = new WeakMap<Scheme, Known>();

/** Creates and caches the signing keys of a scheme, for all of its verifiers. */
export function prepareKeys(scheme: Scheme): PreparedKeys {
  const known: Known = shared.get(scheme) ?? new WeakMap();
  shared.set(scheme, known);
  return {
    get(entry) {
      const { secret, publicKey } = entry;
      if ((entry.scheme ?? scheme.name) !== scheme.name || (publicKey && !scheme.publicKeys)) return undefined;
      const given = publicKey ?? secret;
      const found = known.get(entry);
      if (found && given && isSame(found.given, given)) return found.key;
      checkKeySecret(entry);
      const key = scheme.createKey(given, nativeHmacSha256);
      // Bytes can be overwritten, so they are copied.
      known.set(entry, { given: isBytes(given) ? given.slice() : given, key });
      return key;
    },
  };
}

const isSame = (one: Given, other: Given): boolean =>
  isBytes(one) && isBytes(other)
    ? one.length === other.length && one.every((byte, i) => byte === other[i])
    : one === other;

/** True if a secret has not expired. `now` is in milliseconds since the epoch. */
export const isActive = ({ secret: { expiresAt = Infinity } }: PreparedSecret, now: number): boolean => now < expiresAt;

/**
 * Requires a secret that has not expired.
 *
 * @param now in milliseconds since the epoch.
 * @throws SignatureError `retired_secret`
 */
export function requireActive(secret: PreparedSecret, now: number): void {
  if (!isActive(secret, now)) fail('retired_secret', 'The secret has been replaced: sign with the new one.', 401);
}
