import { checkPublicKey, type PlatformKey } from '../../core/credentials.ts';
import { base64, decodeBase64 } from '../../core/encoding.ts';
import type { StoredPublicKey } from './key-table.ts';

type KnownAlgorithm = {
  readonly name: string;
  readonly hash?: { readonly name: string };
  readonly namedCurve?: string;
};

/**
 * Exports a public key as JSON.
 *
 * @throws SignatureError `invalid_credentials` for anything but a CryptoKey of type `public`.
 */
export async function exportPublicKey(key: PlatformKey): Promise<StoredPublicKey> {
  checkPublicKey(key);
  const { name, hash, namedCurve } = key.algorithm as KnownAlgorithm;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', key));
  return {
    spki: base64(spki),
    algorithm: { name, ...(hash && { hash: hash.name }), ...(namedCurve && { namedCurve }) },
  };
}

/** Imports a key that {@link exportPublicKey} exported. */
export function importPublicKey({ spki, algorithm }: StoredPublicKey): Promise<PlatformKey> {
  return crypto.subtle.importKey('spki', decodeBase64(spki), algorithm, true, ['verify']);
}
