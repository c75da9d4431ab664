import { sha256 } from '@noble/hashes/sha2.js';
import { hex, utf8 } from './encoding.ts';
import { fail } from './errors.ts';

/** A `CryptoKey`; by this way, because the types of Node have no type of that name. */
export type PlatformKey = typeof CryptoKey.prototype;

/** A text (its UTF-8 bytes are the key), the bytes themselves, or a key that WebCrypto holds. */
export type Secret = string | Uint8Array | PlatformKey;

/** A key pair: the access key is public and names the caller, the secret never travels. */
export type Credentials = {
  readonly accessKey: string;
  readonly secret: Secret;
  /** When the credentials end, in milliseconds since the epoch; for short-lived ones. */
  readonly expiresAt?: number;
  /** What the issuer of short-lived ones gave beside them, for schemes that have a place for it, as AWS has. */
  readonly sessionToken?: string;
};

export const accessKeyPattern: RegExp = /^[\w.~-]{1,512}$/;

const invalid = (message: string): never => fail('invalid_credentials', message);

function requireValue(name: string, value: unknown): void {
  if ((value ?? undefined) === undefined) invalid(`${name} is ${value}: is the environment variable set?`);
}

/**
 * @throws SignatureError `invalid_credentials` when the access key is missing, or the text cannot be one.
 */
export function checkAccessKey(accessKey: string): void {
  requireValue('accessKey', accessKey);
  if (!accessKeyPattern.test(accessKey)) invalid('accessKey must be 1 to 512 characters of A-Z a-z 0-9 . _ ~ -');
  checkGenerated(accessKey, 'csign_ak_');
}

/**
 * @throws SignatureError `invalid_credentials` when the secret is missing, of another type, shorter than 16 bytes, damaged, a text
 * with white space at an end, or a public key, which keeps nothing secret. What `generateCredentials()` returns cannot be spread.
 */
export function checkSecret(secret: Secret): void {
  requireValue('secret', secret);
  if (typeof secret === 'string') {
    if (/^[\t-\r ]|[\t-\r ]$/.test(secret)) invalid('secret has white space at an end, as from a file: trim it.');
    checkGenerated(secret, 'csign_sk_');
  }
  const key = typeof secret === 'string' ? utf8(secret) : secret;
  if (ArrayBuffer.isView(key)) {
    // Too short to withstand guessing (NIST SP 800-107 asks for 112 bits).
    if (!(key.length > 15)) invalid(`secret has ${key.length} bytes: at least 16 are needed.`);
  } else if (key.type === 'public' || !key.algorithm) {
    invalid(`secret is ${key.type ? 'a public key' : 'no text, Uint8Array or CryptoKey'}.`);
  }
}

/**
 * @throws SignatureError `invalid_credentials` for anything but a CryptoKey of type `public`: a text or bytes that were taken for
 * one could be used as a shared secret by whoever has read the public key.
 */
export function checkPublicKey(key: PlatformKey): void {
  if (!key?.algorithm || key.type !== 'public')
    fail(
      'invalid_credentials',
      'A public key must be a CryptoKey of type public: import it with crypto.subtle.importKey.',
    );
}

/**
 * New credentials: 128 random bits name the caller, 256 are the secret. Both begin with a prefix that secret
 * scanners can look for (`csign_ak_live_`, `csign_sk_live_`) and end in a checksum, so that a truncated
 * paste is told at once. Printing the result shows the access key only; the secret is read by its name.
 *
 * @param options.environment 1 to 16 lower-case letters and digits that become part of both texts. @default 'live'
 * @throws SignatureError `invalid_configuration` for any other environment.
 */
export function generateCredentials(
  options: { readonly environment?: string } = {},
): Omit<Credentials, 'secret'> & { readonly secret: string } {
  const { environment = 'live' } = options;
  checkEnvironment(environment);
  const accessKey = withChecksum(`csign_ak_${environment}_`, crypto.getRandomValues(new Uint8Array(16)));
  return withHiddenSecret({ accessKey }, formatSecret(environment, crypto.getRandomValues(new Uint8Array(32))));
}

/**
 * @throws SignatureError `invalid_configuration`
 */
export function checkEnvironment(environment: string): void {
  if (!/^[a-z\d]{1,16}$/.test(environment)) {
    fail('invalid_configuration', 'An environment is named by 1 to 16 lower-case letters and digits.');
  }
}

/** The text of a secret made of these 32 bytes. */
export const formatSecret = (environment: string, bytes: Uint8Array): string =>
  withChecksum(`csign_sk_${environment}_`, bytes);

/** Puts in a secret that is read by its name alone: whatever prints, copies or serialises the object passes it over. */
export const withHiddenSecret = <Rest extends object, Kind extends Secret>(
  rest: Rest,
  secret: Kind,
): Rest & { readonly secret: Kind } =>
  // Not enumerable, for JSON and spreading; a getter, for what shows hidden properties too, as console.log('%o') does.
  Object.defineProperty(rest as Rest & { secret: Kind }, 'secret', { get: () => secret });

function withChecksum(prefix: string, bytes: Uint8Array): string {
  const text = prefix + hex(bytes);
  return text + checksum(text);
}

const checksum = (text: string): string => hex(sha256(utf8(text)).subarray(0, 4));

function checkGenerated(text: string, prefix: string): void {
  if (/^csign_/.test(text) && !(text.startsWith(prefix) && checksum(text.slice(0, -8)) === text.slice(-8))) {
    fail('invalid_credentials', `This is damaged, or no ${prefix} key: copy it again, whole.`);
  }
}
