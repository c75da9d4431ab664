import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { equalInConstantTime } from '../../core/constant-time.ts';
import type { PlatformKey, Secret } from '../../core/credentials.ts';
import { decodeBase64, decodeHex, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type Hmac, hmacSha256, platformSigningKey, type SigningKey } from '../../core/signing-key.ts';
import type { DefinedAlgorithm, HmacAlgorithm, SchemeDefinition } from './definition.ts';
import { createHashKey, isKeyedHash } from './keyed-hash.ts';

/** The size of a signature in bytes. */
export const macSizes: Readonly<Record<DefinedAlgorithm, number>> = {
  'hmac-sha256': 32,
  'hmac-sha384': 48,
  'hmac-sha512': 64,
  'hmac-sha1': 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  sha1: 20,
  md5: 16,
};

const hashes = {
  'hmac-sha256': { hash: sha256, name: 'SHA-256' },
  'hmac-sha384': { hash: sha384, name: 'SHA-384' },
  'hmac-sha512': { hash: sha512, name: 'SHA-512' },
  'hmac-sha1': { hash: sha1, name: 'SHA-1' },
} as const;

/** Creates an HMAC key from bytes. */
export function hmacOfBytes(algorithm: HmacAlgorithm, bytes: Uint8Array, hmac: Hmac = hmacSha256): SigningKey {
  if (algorithm === 'hmac-sha256') return hmac(bytes);
  const keyed = nobleHmac.create(hashes[algorithm].hash, bytes);
  const sign = (data: Uint8Array): Uint8Array => keyed.clone().update(data).digest();
  return { algorithm, sign, verify: (data, signature) => equalInConstantTime(sign(data), signature) };
}

/** Creates the key of an algorithm from bytes. */
function keyOfBytes(algorithm: DefinedAlgorithm, bytes: Uint8Array, hmac?: Hmac): SigningKey {
  if (!isKeyedHash(algorithm)) return hmacOfBytes(algorithm, bytes, hmac);
  const under = (other: string) => (isAlgorithm(other) ? keyOfBytes(other, bytes, hmac) : undefined);
  return { ...createHashKey(algorithm, bytes), under };
}

const isAlgorithm = (name: string): name is DefinedAlgorithm => Object.hasOwn(macSizes, name);

function hmacOfPlatformKey(algorithm: DefinedAlgorithm, key: PlatformKey): SigningKey {
  if (isKeyedHash(algorithm)) {
    return fail(
      'invalid_credentials',
      `A CryptoKey cannot be hashed with ${algorithm}: give the secret as text or bytes.`,
    );
  }
  const { name, hash } = key.algorithm as HmacKeyAlgorithm;
  if (name !== 'HMAC' || hash.name !== hashes[algorithm].name) {
    fail('invalid_credentials', `The CryptoKey is for ${name}, not HMAC with ${hashes[algorithm].name}.`);
  }
  return platformSigningKey(key, algorithm);
}

const forms = {
  hex: /^(?:[\da-f]{2})+$/i,
  base64: /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/,
  base64url: /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/,
} as const;

/** How a definition turns a secret into a key. */
export type KeyForm = Required<Pick<SchemeDefinition, 'algorithm' | 'secret'>> & {
  readonly prefix: string;
  /** Creates keys of `hmac-sha256`. @default {@link hmacSha256} */
  readonly hmac?: Hmac | undefined;
};

/**
 * Creates the key of a caller.
 *
 * @throws SignatureError `invalid_credentials`
 */
export function createKeyForm(secret: Secret, { algorithm, secret: form, prefix, hmac }: KeyForm): SigningKey {
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) {
    if (prefix) fail('invalid_credentials', `A CryptoKey cannot be prefixed with ${prefix}: give the secret as text.`);
    return hmacOfPlatformKey(algorithm, secret);
  }
  const bytes = typeof secret === 'string' ? decodeSecret(secret, form) : secret;
  const before = utf8(prefix);
  const whole = new Uint8Array(before.length + bytes.length);
  whole.set(before);
  whole.set(bytes, before.length);
  return keyOfBytes(algorithm, whole, hmac);
}

function decodeSecret(secret: string, form: KeyForm['secret']): Uint8Array {
  if (form === 'utf8') return utf8(secret);
  if (!forms[form].test(secret)) fail('invalid_credentials', `The secret is not ${form}: copy it again, complete.`);
  const bytes = form === 'hex' ? decodeHex(secret.toLowerCase()) : decodeBase64(secret);
  // The minimum for every secret, applied to the decoded bytes, because these are what an attacker must guess.
  if (bytes.length < 16)
    fail('invalid_credentials', `The secret has ${bytes.length} bytes in ${form}: at least 16 are needed.`);
  return bytes;
}
