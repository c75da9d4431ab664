import { concatBytes } from '../../core/body.ts';
import { equalInConstantTime } from '../../core/constant-time.ts';
import { utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import type { DefinedAlgorithm, KeyedHash } from './definition.ts';
import { digests } from './digests.ts';

/** What a string to sign contains instead of the secret. Only a key replaces it, so nothing that shows the string shows the secret. */
export const secretPlaceholder = '{secret}';

/** The place of the secret in a string to sign: behind, or before, this number of bytes. */
export type SecretPlace = { readonly side: 'behind' | 'before'; readonly bytes: number };

const marker = utf8(secretPlaceholder);

/** Whether an algorithm hashes the string to sign with the secret in it. */
export const isKeyedHash = (algorithm: DefinedAlgorithm): algorithm is KeyedHash => !algorithm.startsWith('hmac-');

/** Creates a key that hashes the secret and then the data. {@link placeSecret} moves the secret into a string to sign. */
export function createHashKey(algorithm: KeyedHash, secret: Uint8Array): PlaceableKey {
  const hash = (parts: readonly Uint8Array[]) =>
    (digests.get(algorithm) ?? unknownHash(algorithm)).of(concatBytes(parts));
  const keyOf = (around: (data: Uint8Array) => readonly Uint8Array[] | undefined): SigningKey => ({
    algorithm,
    sign(data) {
      const parts = around(data);
      return parts
        ? hash(parts)
        : fail('invalid_request', 'The string to sign does not contain the place of the secret.');
    },
    verify(data, signature) {
      const parts = around(data);
      return parts !== undefined && equalInConstantTime(hash(parts), signature);
    },
  });
  return {
    ...keyOf((data) => [secret, data]),
    placed: (place) =>
      keyOf((data) => {
        const at = findMarker(data, place);
        return at < 0 ? undefined : [data.subarray(0, at), secret, data.subarray(at + marker.length)];
      }),
  };
}

/** A key that {@link placeSecret} can place. */
export type PlaceableKey = SigningKey & { placed(place: SecretPlace): SigningKey };

const unknownHash = (name: string): never => fail('invalid_configuration', `There is no hash ${name}.`);

/**
 * Returns the key of one string to sign, which replaces the placeholder at this place by the secret. A key that is not of a keyed hash
 * is returned unchanged.
 */
export const placeSecret = (key: SigningKey, place: SecretPlace): SigningKey =>
  'placed' in key ? (key as PlaceableKey).placed(place) : key;

/**
 * Finds where the placeholder begins; -1 without one. By position, because a value may contain the placeholder too. An explanation tries
 * strings with other lengths before it.
 */
export function findMarker(data: Uint8Array, { side, bytes }: SecretPlace): number {
  const at = side === 'behind' ? bytes : data.length - bytes - marker.length;
  if (isMarker(data, at)) return at;
  for (let other = 0; other + marker.length <= data.length; other++) if (isMarker(data, other)) return other;
  return -1;
}

const isMarker = (data: Uint8Array, at: number): boolean => at >= 0 && marker.every((byte, i) => data[at + i] === byte);
