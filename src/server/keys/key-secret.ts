import { checkPublicKey, checkSecret, type PlatformKey } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeySecret } from '../contracts.ts';

/**
 * @throws SignatureError `invalid_credentials` for an entry with both a secret and a public key, for an invalid one, and for a
 * private key, which only its owner should have.
 */
export function checkKeySecret({ secret, publicKey }: KeySecret): void {
  if (publicKey && secret) fail('invalid_credentials', 'An entry of secrets holds a secret or a publicKey, not both.');
  if (publicKey) checkPublicKey(publicKey);
  else {
    checkSecret(secret);
    if ((secret as PlatformKey).type === 'private') {
      fail(
        'invalid_credentials',
        'The secret is a private key, which only the caller should have: register its publicKey.',
      );
    }
  }
}
