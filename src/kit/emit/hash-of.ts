import { cannotSay } from './refuse.ts';

/**
 * Returns the hash of an algorithm, such as `sha256`.
 *
 * @throws SignatureError `invalid_configuration` for an algorithm that is no HMAC of these hashes.
 */
export function hashOf(algorithm: string, language: string): string {
  const [, hash] = /^hmac-(sha(?:1|256|384|512))$/.exec(algorithm) ?? [];
  return hash ?? cannotSay(language, `the algorithm ${algorithm}`);
}
