import type { PlatformKey, Secret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import { hmacSha256, type SigningKey } from '../../core/signing-key.ts';

type Row = {
  /** As the RFC names it. */
  readonly algorithm: string;
  /** What a key for it is imported by. */
  readonly key: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  /** What it adds to the key's name when it signs and verifies. */
  readonly with?: { readonly hash?: string; readonly saltLength?: number };
  /** The shortest key, in bits, where keys have different lengths. */
  readonly least?: number;
};

// RFC 9421 section 3.3; 2048 bits are NIST SP 800-131A's for RSA, 128 what `checkSecret` asks of every other secret.
const rows: readonly Row[] = [
  { algorithm: 'hmac-sha256', key: { name: 'HMAC', hash: 'SHA-256' }, least: 128 },
  { algorithm: 'ed25519', key: { name: 'Ed25519' } },
  { algorithm: 'ecdsa-p256-sha256', key: { name: 'ECDSA', namedCurve: 'P-256' }, with: { hash: 'SHA-256' } },
  { algorithm: 'ecdsa-p384-sha384', key: { name: 'ECDSA', namedCurve: 'P-384' }, with: { hash: 'SHA-384' } },
  { algorithm: 'rsa-pss-sha512', key: { name: 'RSA-PSS', hash: 'SHA-512' }, with: { saltLength: 64 }, least: 2048 },
  { algorithm: 'rsa-v1_5-sha256', key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, least: 2048 },
];

/** Whether there are keys for an algorithm here. */
export const isRfc9421Algorithm = (name: string): boolean => rows.some(({ algorithm }) => algorithm === name);

/**
 * The key of RFC 9421 section 3.3 for a secret. The algorithm is the key's own, and no message can make it another: text and bytes are
 * keys for `hmac-sha256`, which answers at once; of a CryptoKey, name, hash and curve decide. What a private key signs, its public
 * key verifies.
 *
 * @throws SignatureError `invalid_credentials` for a CryptoKey that has no algorithm there, is too short, or was imported without the
 * usage `sign` or `verify`; and (its `sign` and `verify`) for one that cannot do that. `invalid_configuration` for a
 * CryptoKey where there is no WebCrypto.
 */
export function createRfc9421Key(secret: Secret): SigningKey {
  return typeof secret === 'string' || ArrayBuffer.isView(secret) ? hmacSha256(secret) : keyOf(secret);
}

function keyOf(key: PlatformKey): SigningKey {
  const row = rowOf(key);
  const { algorithm } = row;
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) fail('invalid_configuration', `There is no WebCrypto for ${algorithm}: use https, or a shared secret.`);
  const operation = { name: row.key.name, ...row.with };
  const may = (usage: 'sign' | 'verify') => key.usages.includes(usage);
  if (!may('sign') && !may('verify')) {
    fail('invalid_credentials', `The ${key.type} CryptoKey must be imported with the usage sign or verify.`);
  }
  const unable = (what: string): never => fail('invalid_credentials', `The ${key.type} CryptoKey cannot ${what}`);
  // As where another library made the CryptoKey, because the runtime does not know the algorithm.
  const unsupported = (cause: unknown): never =>
    fail('invalid_credentials', `This runtime has no ${algorithm}: ecdsa-p256-sha256 is known to all.`, 400, cause);
  return {
    algorithm,
    sign(data) {
      if (!may('sign'))
        unable(
          'sign: import the private key with the usage sign. For a verifier to sign answers, set its responseKey.',
        );
      return subtle.sign(operation, key, data as BufferSource).then((bytes) => new Uint8Array(bytes), unsupported);
    },
    verify(data, signature) {
      if (!may('verify'))
        unable(
          'verify: import the public key with the usage verify. For a client to check answers, set its responseKey.',
        );
      return subtle
        .verify(operation, key, signature as BufferSource, data as BufferSource)
        .then((valid) => valid && signature.length === (lengthOf(key) ?? signature.length), unsupported);
    },
  };
}

/**
 * The bytes of a signature by an RSA key: RFC 8017 section 8.1.2, step 1, asks for as many as its modulus has, and runtimes take
 * an RSA-PSS signature without its leading zeros too.
 */
function lengthOf({ algorithm }: PlatformKey): number | undefined {
  const { modulusLength } = algorithm as Partial<RsaHashedKeyAlgorithm>;
  return modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8);
}

/** The row is found by what the key is for, and never by what a message says. */
function rowOf(key: PlatformKey): Row {
  const { name, hash, namedCurve } = key.algorithm as Partial<RsaHashedKeyAlgorithm & EcKeyAlgorithm>;
  const found = inWords({ name, hash: hash?.name, namedCurve });
  const row = rows.find((one) => inWords(one.key) === found);
  if (!row) {
    const known = rows.map((one) => inWords(one.key)).join(', ');
    return fail('invalid_credentials', `The CryptoKey is for ${found}. RFC 9421 has algorithms for ${known}.`);
  }
  const { modulusLength: bits = 0, length = bits } = key.algorithm as RsaHashedKeyAlgorithm & HmacKeyAlgorithm;
  if (row.least && !(length >= row.least)) {
    fail('invalid_credentials', `The ${found} key has ${length} bits; at least ${row.least} are needed.`);
  }
  return row;
}

const inWords = (key: { readonly [part in keyof Row['key']]?: string | undefined }): string =>
  [key.name, key.hash, key.namedCurve].filter(Boolean).join(' ');
