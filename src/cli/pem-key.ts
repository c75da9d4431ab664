import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { PlatformKey } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';

/** True for a private or public key in PEM (RFC 7468). */
export const isPem = (text: string): boolean => /^\s*-----BEGIN [A-Z ]*KEY-----/.test(text);

/**
 * Imports a caller's public key.
 *
 * @param algorithms the algorithms that it is used with: `rsa-v1_5-sha256` selects PKCS #1 v1.5 for an RSA key.
 * @throws SignatureError `invalid_configuration` for text that is not a public key, for a private key, and for a kind of key that no
 * scheme supports.
 */
export function parsePublicKey(pem: string, algorithms: readonly string[]): Promise<PlatformKey> {
  // Node would silently use its public half, although a private key must never leave its owner.
  if (/PRIVATE KEY-----/.test(pem)) {
    fail(
      'invalid_configuration',
      'This is a private key, which only the caller should have: openssl pkey -pubout prints its public key.',
    );
  }
  const key = parse(() => createPublicKey(pem));
  const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  return importKey('spki', spki, { key, algorithms, usage: 'verify' });
}

/**
 * Imports a private key.
 *
 * @throws SignatureError `invalid_configuration` for text that is not a private key, for one with a passphrase, and for a kind of key
 * that no scheme supports.
 */
export function parsePrivateKey(pem: string, algorithms: readonly string[]): Promise<PlatformKey> {
  const key = parse(() => createPrivateKey(pem));
  const pkcs8 = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return importKey('pkcs8', pkcs8, { key, algorithms, usage: 'sign' });
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    // OpenSSL's message helps nobody, and the text must not be quoted.
    return fail('invalid_configuration', 'The key cannot be read: it must be complete PEM without a passphrase.');
  }
}

type Use = { readonly key: KeyObject; readonly algorithms: readonly string[]; readonly usage: 'sign' | 'verify' };

function importKey(
  format: 'spki' | 'pkcs8',
  bytes: Uint8Array<ArrayBuffer>,
  { key, algorithms, usage }: Use,
): Promise<PlatformKey> {
  return crypto.subtle.importKey(format, bytes, algorithmOf(key, algorithms), usage === 'verify', [usage]);
}

type Algorithm = { readonly name: string; readonly hash?: string; readonly namedCurve?: string };

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, algorithms: readonly string[]): Algorithm {
  if (asymmetricKeyType === 'ed25519') return { name: 'Ed25519' };
  if (asymmetricKeyType === 'rsa' && algorithms.includes('rsa-v1_5-sha256')) {
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  }
  if (asymmetricKeyType === 'rsa') return { name: 'RSA-PSS', hash: 'SHA-512' };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (namedCurve) return { name: 'ECDSA', namedCurve };
  return fail('invalid_configuration', 'The key must be Ed25519, ECDSA on P-256 or P-384, or RSA.');
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384' };
