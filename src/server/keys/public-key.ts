import { checkPublicKey, type PlatformKey } from '../../core/credentials.ts';
import { base64, bytesOfBase64 } from '../../core/encoding.ts';
import type { StoredPublicKey } from './key-table.ts';

type KnownAlgorithm = {
  readonly name: string;
  readonly hash?: { readonly name: string };
  readonly namedCurve?: string;
};

/**
 * A public key as JSON.
 *
 * @throws SignatureError `invalid_credentials` for anything but a CryptoKey of type `public`.
 */
export async function storedPublicKey(key: PlatformKey): Promise<StoredPublicKey> {
  checkPublicKey(key);
  const { name, hash, namedCurve } = key.algorithm as KnownAlgorithm;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', key));
  return {
    spki: base64(spki),
    algorithm: { name, ...(hash && { hash: hash.name }), ...(namedCurve && { namedCurve }) },
  };
}

/** The key that {@link storedPublicKey} stored. */
export function importedPublicKey({ spki, algorithm }: StoredPublicKey): Promise<PlatformKey> {
  return crypto.subtle.importKey('spki', bytesOfBase64(spki), algorithm, true, ['verify']);
}
