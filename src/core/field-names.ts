import { fail } from './errors.ts';

/** The name of a field in lower case: a token, RFC 9110 section 5.6.2. */
export const fieldNamePattern: RegExp = /^[a-z\d!#$%&'*+.^_`|~-]{1,128}$/;

/**
 * Names of further headers to sign: in lower case, sorted, each once.
 *
 * @throws SignatureError `invalid_configuration` for one that cannot be signed.
 */
export function signableNames(names: readonly string[], isSignable: (name: string) => boolean): readonly string[] {
  const sorted = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  for (const name of sorted) {
    if (!isSignable(name)) fail('invalid_configuration', `The header ${name} cannot be signed, or is already.`);
  }
  return sorted;
}

/** The response header that tells a caller that its secret retires, and when. */
export const retirementField = 'X-API-Secret-Retires';

/** Unix time in whole seconds, decimal. */
export const retirementValue = (retiresAt: number): string => `${Math.floor(retiresAt / 1000)}`;
