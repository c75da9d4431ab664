import { type Credentials, checkAccessKey, checkSecret, type Secret } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import type { SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';

/** Returns credentials. Called for each signature, so that the signer uses rotated and renewed credentials. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;

export type KeyCacheOptions = {
  readonly scheme: SigningScheme;
  readonly clock: () => number;
  readonly secretInBrowser: boolean;
  /** Whether a `credentials` function of the caller returns the credentials. */
  readonly provided: boolean;
};

/**
 * Creates a function that returns the prepared key of credentials. It keeps the last key, so the same credentials again cost one
 * comparison.
 *
 * @throws SignatureError (the returned function) `invalid_credentials`, `secret_in_browser`
 */
export function createKeyCache({
  scheme,
  clock,
  secretInBrowser,
  provided,
}: KeyCacheOptions): (credentials: Credentials) => SigningKey {
  let last: { readonly accessKey: string; readonly secret: Secret | undefined; readonly key: SigningKey } | undefined;
  return (credentials) => {
    if (provided && !credentials?.accessKey)
      fail('invalid_credentials', 'The credentials function returned no accessKey.');
    const { accessKey, secret } = credentials;
    if (!last || last.accessKey !== accessKey || last.secret !== secret) {
      checkAccessKey(accessKey);
      checkSecret(secret);
      const key = scheme.createKey(secret);
      if (!secretInBrowser) refuseLongLivedSecret(credentials, clock());
      // A provider may write a new secret into the same buffer, so bytes are prepared each time.
      last = { accessKey, secret: provided && secret instanceof Uint8Array ? undefined : secret, key };
    }
    return last.key;
  };
}

// Matches pages and workers of all browsers. Server runtimes have their own name or no navigator. jsdom and HappyDOM run tests.
const browser = /^Mozilla(?!.*(jsdom|HappyDOM))/;

/**
 * Anyone who opens a page can read its secrets. So a page may only use credentials that expire within a day, and keys that
 * WebCrypto does not export.
 *
 * @throws SignatureError `secret_in_browser`
 */
function refuseLongLivedSecret({ secret, expiresAt = Infinity }: Credentials, now: number): void {
  const readable = (secret as { readonly extractable?: boolean }).extractable !== false;
  if (browser.test(globalThis.navigator?.userAgent) && readable && !(expiresAt - now <= 864e5)) {
    fail(
      'secret_in_browser',
      'In a browser, anyone can read this secret: use credentials with expiresAt within a day, or a CryptoKey that is not extractable.',
    );
  }
}
