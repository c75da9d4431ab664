import type { PlatformKey } from '../core/credentials.ts';
import { base64url, utf8 } from '../core/encoding.ts';

/** A key pair of which no script can read the private key. */
export type OwnPair = {
  readonly privateKey: PlatformKey;
  /** The raw public key in base64url. */
  readonly publicKey: string;
};

/** Makes a key pair: Ed25519 where the browser can make it and keep it, otherwise P-256. */
export const newPair = async (): Promise<OwnPair> =>
  (await pairOf({ name: 'Ed25519' }).catch(() => undefined)) ?? pairOf({ name: 'ECDSA', namedCurve: 'P-256' });

async function pairOf(algorithm: { readonly name: string; readonly namedCurve?: string }): Promise<OwnPair> {
  const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
  // Some browsers sign with an algorithm, but cannot copy its keys into IndexedDB.
  structuredClone(pair.privateKey);
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: base64url(new Uint8Array(raw)) };
}

/** Turns the secret of a session into a key that no script can read. */
export const hiddenSecret = (secret: string): Promise<PlatformKey> =>
  crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
