import { fail } from '../../core/errors.ts';
import { fieldNamePattern, signableNames } from '../../core/field-names.ts';

// Headers of the connection, and headers that are not one line (RFC 6265 section 3).
const excluded =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/;

/** Whether a signer may choose to sign a header: a token in lower case (RFC 9110 section 5.6.2) that is not excluded. */
export const isSignable = (name: string): boolean => fieldNamePattern.test(name) && !excluded.test(name);

/**
 * Returns the names of additional headers in lower case, sorted, without duplicates.
 *
 * @param own headers that the scheme itself sets.
 * @throws SignatureError `invalid_configuration`
 */
export function signableHeaders(names: readonly string[], own: readonly string[]): readonly string[] {
  const sorted = signableNames(names, (name) => isSignable(name) && !own.includes(name));
  if (sorted.length > 64) fail('invalid_configuration', 'At most 64 additional headers can be signed.');
  return sorted;
}
