import type { Secret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { Hmac, SigningKey } from '../../core/signing-key.ts';
import { createRfc9421Key } from '../rfc9421/algorithms.ts';

/** The names of algorithms in the draft, by those of the keys. An algorithm without a name is sent as `hs2019`. */
const names: ReadonlyMap<string, string | undefined> = new Map([
  ['rsa-v1_5-sha256', 'rsa-sha256'],
  ['hmac-sha256', 'hmac-sha256'],
  ['ed25519', undefined],
]);

/**
 * Creates the key of a secret, a private key or a public key. The key alone determines the algorithm.
 *
 * @throws SignatureError `invalid_credentials` for a key of another algorithm than RSASSA-PKCS1-v1_5 with SHA-256, HMAC-SHA256 and
 * Ed25519, and with the reasons of RFC 9421 section 3.3, such as an RSA key of less than 2048 bits.
 */
export function createCavageKey(secret: Secret, hmac?: Hmac): SigningKey {
  const key = createRfc9421Key(secret, hmac);
  if (!names.has(key.algorithm)) {
    fail(
      'invalid_credentials',
      `cavage12 has no ${key.algorithm}: use RSASSA-PKCS1-v1_5 with SHA-256, Ed25519 or HMAC with SHA-256.`,
    );
  }
  return key;
}

/** Returns the value of the parameter `algorithm` for the algorithm of a key. */
export const writeAlgorithm = (algorithm: string | undefined): string => names.get(algorithm ?? '') ?? 'hs2019';

/**
 * Returns the algorithm that a signature states, by its name for keys; undefined if it leaves the algorithm to the key.
 *
 * @throws SignatureError `malformed_field`
 */
export function readAlgorithm(stated: string | undefined): string | undefined {
  if (stated === undefined || stated === 'hs2019') return undefined;
  const [found] = [...names].find(([, name]) => name === stated) ?? [];
  return found ?? fail('malformed_field', 'algorithm must be hs2019, rsa-sha256 or hmac-sha256.');
}
