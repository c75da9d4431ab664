import { sha256 } from '@noble/hashes/sha2.js';
import { hex, utf8 } from './encoding.ts';
import { fail } from './errors.ts';

/** A `CryptoKey`. Derived from the global value, because the types of Node declare no type of that name. */
export type PlatformKey = typeof CryptoKey.prototype;

/** A string (its UTF-8 bytes are the key), bytes, or a key that WebCrypto holds. */
export type Secret = string | Uint8Array | PlatformKey;

/** An access key, which is public and identifies the caller, and its secret, which is never sent. */
export type Credentials = {
  readonly accessKey: string;
  readonly secret: Secret;
  /** When the credentials expire, in milliseconds since the epoch. Set for short-lived credentials. */
  readonly expiresAt?: number;
  /** The session token of temporary credentials, for schemes that send one, such as AWS Signature Version 4. */
  readonly sessionToken?: string;
};

/** Up to 512 characters, and the claims of a session after them. A verifier accepts at most 1,024 together. */
export const accessKeyPattern: RegExp = /^[\w.~-]{1,512}(?:~s1\.[\w~-]+|~p1\.[\w-]+\.[\w-]+)?$/;

const invalid = (message: string): never => fail('invalid_credentials', message);

function requireValue(name: string, value: unknown): void {
  if (!value) invalid(`${name} is missing: is the environment variable set?`);
}

/**
 * @throws SignatureError `invalid_credentials` if the access key is missing or malformed.
 */
export function checkAccessKey(accessKey: string): void {
  requireValue('accessKey', accessKey);
  if (!accessKeyPattern.test(accessKey)) invalid('accessKey must be 1 to 512 of A-Z a-z 0-9 . _ ~ -');
  // The access key of a session begins with that of its parent.
  checkGenerated(accessKey.replace(/~[sp]1\..*/, ''), 'csign_ak_');
}

/**
 * @throws SignatureError `invalid_credentials` if the secret is missing, of another type, shorter than 16 bytes, damaged, a string
 * with white space or quotes around it, or a public key, which is not secret. Spreading the result of `generateCredentials()`
 * loses the secret, because its property is not enumerable.
 */
export function checkSecret(secret: Secret): void {
  requireValue('secret', secret);
  if (typeof secret === 'string') {
    if (/^[\t-\r ]|[\t-\r ]$|^(['"]).*\1$/.test(secret)) invalid('secret has white space or quotes around it.');
    checkGenerated(secret, 'csign_sk_');
  }
  const key = typeof secret === 'string' ? utf8(secret) : secret;
  if (ArrayBuffer.isView(key)) {
    // Shorter keys could be guessed: NIST SP 800-107 asks for at least 112 bits.
    if (!(key.length > 15)) invalid(`secret has ${key.length} bytes: at least 16 needed.`);
  } else if (key.type === 'public' || !key.algorithm) {
    invalid(`secret is ${key.type ? 'a public key' : 'not a string, Uint8Array or CryptoKey'}.`);
  }
}

/**
 * @throws SignatureError `invalid_credentials` for anything but a CryptoKey of type `public`. A string or bytes would be used as a
 * shared secret, and anyone who has read the public key could sign.
 */
export function checkPublicKey(key: PlatformKey): void {
  if (!key?.algorithm || key.type !== 'public')
    fail(
      'invalid_credentials',
      'A public key must be a CryptoKey of type public: import it with crypto.subtle.importKey.',
    );
}

/**
 * Generates credentials: 128 random bits for the access key, 256 for the secret. Both begin with a prefix that secret scanners can
 * search for (`csign_ak_live_`, `csign_sk_live_`) and end in a checksum, so that a truncated copy is detected at once. Printing,
 * copying or serialising the result shows the access key only; read the secret by its name.
 *
 * @param options.environment 1 to 16 lower-case letters or digits, which become part of both texts. @default 'live'
 * @throws SignatureError `invalid_configuration` for any other environment.
 * @example
 * import { generateCredentials } from 'countersign';
 *
 * const { accessKey, secret } = generateCredentials({ environment: 'test' });
 * console.log(accessKey.slice(0, 14)); // → csign_ak_test_
 * console.log(secret.slice(0, 14)); // → csign_sk_test_
 */
export function generateCredentials(
  options: { readonly environment?: string } = {},
): Omit<Credentials, 'secret'> & { readonly secret: string } {
  const { environment = 'live' } = options;
  checkEnvironment(environment);
  const accessKey = formatAccessKey(environment, crypto.getRandomValues(new Uint8Array(16)));
  return withHiddenSecret({ accessKey }, formatSecret(environment, crypto.getRandomValues(new Uint8Array(32))));
}

/**
 * @throws SignatureError `invalid_configuration` unless the environment is 1 to 16 lower-case letters or digits.
 */
export function checkEnvironment(environment: string): void {
  if (!/^[a-z\d]{1,16}$/.test(environment)) {
    fail('invalid_configuration', 'environment must be 1 to 16 lower-case letters or digits.');
  }
}

/** Formats 16 bytes as an access key. */
export const formatAccessKey = (environment: string, bytes: Uint8Array): string =>
  withChecksum(`csign_ak_${environment}_`, bytes);

/** Formats 32 bytes as a secret. */
export const formatSecret = (environment: string, bytes: Uint8Array): string =>
  withChecksum(`csign_sk_${environment}_`, bytes);

/** Adds a secret that can only be read by its name: printing, copying and serialising the object leave it out. */
export const withHiddenSecret = <Rest extends object, Kind extends Secret>(
  rest: Rest,
  secret: Kind,
): Rest & { readonly secret: Kind } =>
  // Not enumerable, so that JSON and spreading skip it. A getter, because console.log('%o') prints hidden properties too.
  Object.defineProperty(rest as Rest & { secret: Kind }, 'secret', { get: () => secret });

function withChecksum(prefix: string, bytes: Uint8Array): string {
  const text = prefix + hex(bytes);
  return text + checksum(text);
}

const checksum = (text: string): string => hex(sha256(utf8(text)).subarray(0, 4));

function checkGenerated(text: string, prefix: string): void {
  if (/^csign_/.test(text) && !(text.startsWith(prefix) && checksum(text.slice(0, -8)) === text.slice(-8))) {
    fail('invalid_credentials', `This is damaged or not a ${prefix} key.`);
  }
}
