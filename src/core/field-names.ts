import { fail } from './errors.ts';

/** A field name in lower case: a token, RFC 9110 section 5.6.2, of at most 128 characters. */
export const fieldNamePattern: RegExp = /^[a-z\d!#$%&'*+.^_`|~-]{1,128}$/;

/**
 * Returns the names of additional headers to sign in lower case, sorted, without duplicates.
 *
 * @throws SignatureError `invalid_configuration` for a name that cannot be signed.
 */
export function signableNames(names: readonly string[], isSignable: (name: string) => boolean): readonly string[] {
  const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  for (const name of sorted) {
    if (!isSignable(name)) fail('invalid_configuration', `The header ${name} cannot be signed, or is already.`);
  }
  return sorted;
}

/** The response header that announces when the secret of the caller will be retired. */
export const retirementField = 'X-API-Secret-Retires';

/** Formats milliseconds since the epoch as whole seconds since the epoch, decimal. */
export const retirementValue = (retiresAt: number): string => `${Math.floor(retiresAt / 1000)}`;
