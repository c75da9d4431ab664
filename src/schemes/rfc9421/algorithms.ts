import type { PlatformKey, Secret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import { type Hmac, hmacSha256, type SigningKey } from '../../core/signing-key.ts';

type Row = {
  /** The name of the algorithm in RFC 9421. */
  readonly algorithm: string;
  /** The parameters with which a CryptoKey for it is imported. */
  readonly key: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  /** Parameters for signing and verifying, beside the name of the key's algorithm. */
  readonly with?: { readonly hash?: string; readonly saltLength?: number };
  /** The minimum key length in bits, for keys of variable length. */
  readonly least?: number;
};

// RFC 9421 section 3.3. The minimum for RSA is that of NIST SP 800-131A, 128 bits is the minimum of `checkSecret`.
const rows: readonly Row[] = [
  { algorithm: 'hmac-sha256', key: { name: 'HMAC', hash: 'SHA-256' }, least: 128 },
  { algorithm: 'ed25519', key: { name: 'Ed25519' } },
  { algorithm: 'ecdsa-p256-sha256', key: { name: 'ECDSA', namedCurve: 'P-256' }, with: { hash: 'SHA-256' } },
  { algorithm: 'ecdsa-p384-sha384', key: { name: 'ECDSA', namedCurve: 'P-384' }, with: { hash: 'SHA-384' } },
  { algorithm: 'rsa-pss-sha512', key: { name: 'RSA-PSS', hash: 'SHA-512' }, with: { saltLength: 64 }, least: 2048 },
  { algorithm: 'rsa-v1_5-sha256', key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, least: 2048 },
];

/** Whether an algorithm is supported. */
export const isRfc9421Algorithm = (name: string): boolean => rows.some(({ algorithm }) => algorithm === name);

/**
 * Creates the key of RFC 9421 section 3.3 for a secret. The key alone determines the algorithm, no message can change it: text and
 * bytes are synchronous keys for `hmac-sha256`; the name, hash and curve of a CryptoKey select the others. A signature of a private
 * key is verified with its public key.
 *
 * @throws SignatureError `invalid_credentials` for a CryptoKey of an unsupported algorithm, below the minimum length, or without the
 * usage `sign` or `verify`; `sign` and `verify` of the key throw it if the CryptoKey lacks that usage. `invalid_configuration` for a
 * CryptoKey on a runtime without WebCrypto.
 */
export function createRfc9421Key(secret: Secret, hmac: Hmac = hmacSha256): SigningKey {
  return typeof secret === 'string' || ArrayBuffer.isView(secret) ? hmac(secret) : keyOf(secret);
}

function keyOf(key: PlatformKey): SigningKey {
  const row = rowOf(key);
  const { algorithm } = row;
  const subtle = globalThis.crypto?.subtle;
  if (!subtle)
    fail('invalid_configuration', `WebCrypto is not available for ${algorithm}: use https, or a shared secret.`);
  const operation = { name: row.key.name, ...row.with };
  const allows = (usage: 'sign' | 'verify') => key.usages.includes(usage);
  if (!allows('sign') && !allows('verify')) {
    fail('invalid_credentials', `The ${key.type} CryptoKey must be imported with the usage sign or verify.`);
  }
  const unable = (what: string): never => fail('invalid_credentials', `The ${key.type} CryptoKey cannot ${what}`);
  // Happens if another library made the CryptoKey because the runtime does not support the algorithm.
  const unsupported = (cause: unknown): never =>
    fail(
      'invalid_credentials',
      `This runtime does not support ${algorithm}. All support ecdsa-p256-sha256.`,
      400,
      cause,
    );
  return {
    algorithm,
    sign(data) {
      if (!allows('sign'))
        unable(
          'sign: import the private key with the usage sign. For a verifier to sign responses, set its responseKey.',
        );
      return subtle.sign(operation, key, data as BufferSource).then((bytes) => new Uint8Array(bytes), unsupported);
    },
    verify(data, signature) {
      if (!allows('verify'))
        unable(
          'verify: import the public key with the usage verify. For a client to check responses, set its responseKey.',
        );
      return subtle
        .verify(operation, key, signature as BufferSource, data as BufferSource)
        .then((valid) => valid && signature.length === (lengthOf(key) ?? signature.length), unsupported);
    },
  };
}

/**
 * Returns the length in bytes that a signature of an RSA key must have. RFC 8017 section 8.1.2, step 1, demands the length of the
 * modulus, but runtimes also accept an RSA-PSS signature without its leading zeros.
 */
function lengthOf({ algorithm }: PlatformKey): number | undefined {
  const { modulusLength } = algorithm as Partial<RsaHashedKeyAlgorithm>;
  return modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8);
}

/** Finds the row by the algorithm of the key, never by a value from a message. */
function rowOf(key: PlatformKey): Row {
  const { name, hash, namedCurve } = key.algorithm as Partial<RsaHashedKeyAlgorithm & EcKeyAlgorithm>;
  const found = describeKey({ name, hash: hash?.name, namedCurve });
  const row = rows.find((one) => describeKey(one.key) === found);
  if (!row) {
    const known = rows.map((one) => describeKey(one.key)).join(', ');
    return fail('invalid_credentials', `The CryptoKey is for ${found}. RFC 9421 has algorithms for ${known}.`);
  }
  const { modulusLength: bits = 0, length = bits } = key.algorithm as RsaHashedKeyAlgorithm & HmacKeyAlgorithm;
  if (row.least && !(length >= row.least)) {
    fail('invalid_credentials', `The ${found} key has ${length} bits; at least ${row.least} are needed.`);
  }
  return row;
}

const describeKey = (key: { readonly [part in keyof Row['key']]?: string | undefined }): string =>
  [key.name, key.hash, key.namedCurve].filter(Boolean).join(' ');
