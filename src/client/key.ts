import { type Credentials, checkAccessKey, checkSecret, type Secret } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import type { SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';

/** Called for each signature, so that a signer picks up rotated and renewed credentials. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;

export type KeyCacheOptions = {
  readonly scheme: SigningScheme;
  readonly clock: () => number;
  readonly secretInBrowser: boolean;
  /** Whether a function of the caller returns the credentials. */
  readonly provided: boolean;
};

/**
 * Returns the prepared key of credentials, and keeps the last one: a provider that returns the same secret again costs a
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
      // A provider may refill the same buffer, so its bytes are prepared each time.
      last = { accessKey, secret: provided && secret instanceof Uint8Array ? undefined : secret, key };
    }
    return last.key;
  };
}

// Pages and workers of all browsers. Server runtimes name themselves or have no navigator, and a test runner shows nobody a page.
const browser = /^Mozilla(?!.*(jsdom|HappyDOM))/;

/**
 * Anyone who opens a page can read the secrets in it. So only these belong there: credentials that end within a day, and
 * keys that WebCrypto does not export.
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
