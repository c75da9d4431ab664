import { accessKeyPattern } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';

/** Printable ASCII, without the two characters that end or escape a quoted text. */
const keyIdPattern = /^[ !#-[\]-~]{1,400}$/;

/**
 * Returns the access key of a `keyId` of the Cavage draft. A `keyId` may be a URL or a path, but an access key has no `/`, `:` and
 * `#`: each character other than letters, digits, `_`, `.` and `-` becomes `~` and two hex digits. {@link decodeKeyId} reverses it.
 *
 * @throws SignatureError `invalid_credentials` for anything but 1 to 400 printable ASCII characters without `"` and `\`, and if the
 * access key has more than 512 characters.
 * @example
 * import { encodeKeyId } from 'countersign/schemes';
 *
 * console.log(encodeKeyId('https://social.example/users/alice#main-key'));
 * // → https~3A~2F~2Fsocial.example~2Fusers~2Falice~23main-key
 */
export function encodeKeyId(keyId: string): string {
  return (
    accessKeyOf(keyId) ??
    fail('invalid_credentials', 'A keyId must be 1 to 400 printable ASCII characters, without " and \\.')
  );
}

/** Like {@link encodeKeyId}, but returns undefined instead of an error. */
export function accessKeyOf(keyId: string): string | undefined {
  if (!keyIdPattern.test(keyId)) return undefined;
  const accessKey = keyId.replace(/[^\w.-]/g, escapeCharacter);
  return accessKeyPattern.test(accessKey) ? accessKey : undefined;
}

const escapeCharacter = (character: string): string =>
  `~${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/**
 * Returns the `keyId` of an access key that {@link encodeKeyId} made, such as the address of an actor, for a key store that fetches
 * public keys.
 *
 * @throws SignatureError `invalid_credentials` for an access key that is not of this form, such as that of a session.
 * @example
 * import { decodeKeyId } from 'countersign/schemes';
 *
 * console.log(decodeKeyId('https~3A~2F~2Fsocial.example~2Fusers~2Falice~23main-key'));
 * // → https://social.example/users/alice#main-key
 */
export function decodeKeyId(accessKey: string): string {
  const keyId = accessKey.replace(/~([\dA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return accessKeyOf(keyId) === accessKey
    ? keyId
    : fail('invalid_credentials', 'The access key is no encoded keyId: use encodeKeyId. Sessions have no keyId.');
}
