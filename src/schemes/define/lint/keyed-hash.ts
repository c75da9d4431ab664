import type { Finding } from '../../../core/scheme-finding.ts';
import type { KeyedHash } from '../definition.ts';
import { isKeyedHash } from '../keyed-hash.ts';
import type { Plan } from '../plan/plan.ts';
import { isSecret } from '../plan/secret.ts';

// SHA-384 omits a part of its state, so nobody can go on from the hash.
const extendable: Readonly<Record<KeyedHash, boolean>> = {
  sha256: true,
  sha384: false,
  sha512: true,
  sha1: true,
  md5: true,
};

/** Reports a hash that takes the place of a MAC. */
export function keyedHashFindings({ algorithm, stringToSign }: Plan): readonly Finding[] {
  if (!isKeyedHash(algorithm)) return [];
  const last = stringToSign.parts.at(-1);
  const isLast = last !== undefined && isSecret(last);
  const name = algorithm.toUpperCase().replace('SHA', 'SHA-');
  const message = `The signature is the ${name} of a text with the secret in it: a hash is no MAC.`;
  const finding: Finding =
    extendable[algorithm] && !isLast
      ? {
          code: 'keyed-hash',
          severity: 'high',
          message: `${message} Values follow the secret, so the text can be extended.`,
          attack:
            'From a signature and the length of the secret, the signature of the same text with some bytes and a chosen end is computed, without the secret.',
        }
      : {
          code: 'keyed-hash',
          severity: 'medium',
          message,
          attack: isLast
            ? `Two texts with the same ${name}, found without the secret, have the same signature. HMAC withstands such collisions.`
            : `None is known of ${name}. No proof says that it is a MAC, as one does of HMAC.`,
        };
  return [finding];
}
