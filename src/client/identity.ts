import { type Credentials, checkAccessKey, checkSecret, type Secret } from '../core/credentials.ts';
import type { SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { refuseLongLivedSecret } from './browser.ts';

/** Asked for each signature, so that rotated and renewed credentials are picked up. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;

export type Identity = { readonly accessKey: string; readonly key: SigningKey };

export type IdentityOptions = {
  readonly scheme: SigningScheme;
  readonly clock: () => number;
  readonly secretInBrowser: boolean;
};

/**
 * Turns credentials into a prepared key, and keeps the last one: a provider that gives the same secret again
 * costs a comparison.
 *
 * @throws SignatureError (the function returned) `invalid_credentials`, `secret_in_browser`
 */
export function identities(options: IdentityOptions): (credentials: Credentials) => Identity {
  let lastSecret: Secret | undefined;
  let last: Identity | undefined;
  return (credentials) => {
    const { accessKey, secret } = credentials;
    if (!last || last.accessKey !== accessKey || lastSecret !== secret) {
      checkAccessKey(accessKey);
      checkSecret(secret);
      const key = options.scheme.createKey(secret);
      if (!options.secretInBrowser) refuseLongLivedSecret(credentials, options.clock());
      last = { accessKey, key };
      lastSecret = secret;
    }
    return last;
  };
}
