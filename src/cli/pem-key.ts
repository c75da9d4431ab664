import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { PlatformKey } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';

/** Whether a text is a private or public key in PEM (RFC 7468). */
export const isPem = (text: string): boolean => /^\s*-----BEGIN [A-Z ]*KEY-----/.test(text);

/**
 * A caller's public key.
 *
 * @param algorithms by which it may be used: `rsa-v1_5-sha256` among them makes an RSA key one for that.
 * @throws SignatureError `invalid_configuration` for what is none, for a private key, and for a kind that no scheme has.
 */
export function parsePublicKey(pem: string, algorithms: readonly string[]): Promise<PlatformKey> {
  // Node would take the public half of it and say nothing, and the private key would have been handed around.
  if (/PRIVATE KEY-----/.test(pem)) {
    fail(
      'invalid_configuration',
      'This is a private key, which stays with its caller: openssl pkey -pubout gives the public one.',
    );
  }
  const key = parsed(() => createPublicKey(pem));
  const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  return imported('spki', spki, { key, algorithms, usage: 'verify' });
}

/**
 * One's own private key.
 *
 * @throws SignatureError `invalid_configuration` for what is none, is locked by a passphrase, or of a kind that no scheme has.
 */
export function parsePrivateKey(pem: string, algorithms: readonly string[]): Promise<PlatformKey> {
  const key = parsed(() => createPrivateKey(pem));
  const pkcs8 = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return imported('pkcs8', pkcs8, { key, algorithms, usage: 'sign' });
}

function parsed(parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch {
    // The reason that OpenSSL gives says nothing to anybody, and the text must not be quoted.
    return fail('invalid_configuration', 'The key cannot be read: it must be PEM, whole, without a passphrase.');
  }
}

type Use = { readonly key: KeyObject; readonly algorithms: readonly string[]; readonly usage: 'sign' | 'verify' };

function imported(
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
