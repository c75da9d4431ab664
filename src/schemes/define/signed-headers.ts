import { fail } from '../../core/errors.ts';
import { fieldNamePattern, signableNames } from '../../core/field-names.ts';

// What belongs to the connection, and what is no single line (RFC 6265 section 3).
const excluded =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/;

/** Whether a header can be signed because a signer chose to: a token in lower case (RFC 9110 section 5.6.2) that is not excluded. */
export const isSignable = (name: string): boolean => fieldNamePattern.test(name) && !excluded.test(name);

/**
 * The names of further headers in lower case, sorted, each once.
 *
 * @param own headers that the scheme itself sets.
 * @throws SignatureError `invalid_configuration`
 */
export function signableHeaders(names: readonly string[], own: readonly string[]): readonly string[] {
  const sorted = signableNames(names, (name) => isSignable(name) && !own.includes(name));
  if (sorted.length > 64) fail('invalid_configuration', 'More than 64 headers cannot be signed.');
  return sorted;
}
