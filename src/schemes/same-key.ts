import { equalInConstantTime } from '../core/constant-time.ts';
import { utf8 } from '../core/encoding.ts';
import type { Finding } from '../core/scheme-finding.ts';
import type { SigningKey } from '../core/signing-key.ts';

const probe = utf8('countersign-same-key');

/**
 * Whether two keys produce the same signatures, or one is of a keyed hash and both are of one secret. Keys held by WebCrypto sign
 * asynchronously and always count as different.
 */
export function isSameKey(one: SigningKey, other: SigningKey): boolean {
  if (one === other) return true;
  if (one.algorithm !== other.algorithm) {
    const [twin, counterpart] = one.under ? [one.under(other.algorithm), other] : [other.under?.(one.algorithm), one];
    return twin !== undefined && isSameKey(twin, counterpart);
  }
  const [a, b] = [one, other].map((key) => key.sign(probe));
  if (!a || !b) return false;
  if ('then' in a || 'then' in b) {
    for (const signature of [a, b]) if ('then' in signature) signature.catch(() => {});
    return false;
  }
  return equalInConstantTime(a, b);
}

/**
 * Whether a signature may also be valid under another scheme with the same secret: an attacker can choose the beginning of the string
 * to sign, or it is hashed with the secret in it.
 */
export const signsForeignStrings = ({ findings = [] }: { readonly findings?: readonly Finding[] }): boolean =>
  findings.some(({ code }) => code === 'no-domain-separation' || code === 'keyed-hash');
