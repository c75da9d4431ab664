import { checkAccessKey } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import { hasSessionMark } from '../../core/session/access-key.ts';

/**
 * Checks the access key of a key with a record of its own.
 *
 * @throws SignatureError `invalid_credentials` if it is missing or malformed, has more than 512 characters, or looks like the access
 * key of a session.
 */
export function checkOrdinaryKey(accessKey: string): void {
  checkAccessKey(accessKey);
  if (accessKey.length > 512) fail('invalid_credentials', 'accessKey has more than 512 characters.');
  if (hasSessionMark(accessKey)) {
    fail('invalid_credentials', 'accessKey contains ~s1. or ~p1., which only the access keys of sessions may.');
  }
}
