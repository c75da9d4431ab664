import { utf8 } from '../core/encoding.ts';
import type { Finding } from '../core/finding.ts';
import { equalInConstantTime, type SigningKey } from '../core/signing-key.ts';

const probe = utf8('countersign-same-key');

/**
 * Whether two keys sign alike. Keys that WebCrypto holds answer later, and count as different ones.
 */
export function isSameKey(one: SigningKey, other: SigningKey): boolean {
  if (one === other) return true;
  if (one.algorithm !== other.algorithm) return false;
  const [a, b] = [one, other].map((key) => key.sign(probe));
  if (!a || !b) return false;
  if ('then' in a || 'then' in b) {
    for (const made of [a, b]) if ('then' in made) made.catch(() => {});
    return false;
  }
  return equalInConstantTime(a, b);
}

/** Whether others choose how a scheme's string to sign begins, so that its signatures can be those of another scheme. */
export const signsForeignStrings = ({ findings = [] }: { readonly findings?: readonly Finding[] }): boolean =>
  findings.some(({ code }) => code === 'no-domain-separation');
