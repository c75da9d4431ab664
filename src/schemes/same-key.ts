import { equalInConstantTime } from '../core/constant-time.ts';
import { utf8 } from '../core/encoding.ts';
import type { Finding } from '../core/scheme-finding.ts';
import type { SigningKey } from '../core/signing-key.ts';

const probe = utf8('countersign-same-key');

/** Whether two keys produce the same signatures. Keys held by WebCrypto sign asynchronously and always count as different. */
export function isSameKey(one: SigningKey, other: SigningKey): boolean {
  if (one === other) return true;
  if (one.algorithm !== other.algorithm) return false;
  const [a, b] = [one, other].map((key) => key.sign(probe));
  if (!a || !b) return false;
  if ('then' in a || 'then' in b) {
    for (const signature of [a, b]) if ('then' in signature) signature.catch(() => {});
    return false;
  }
  return equalInConstantTime(a, b);
}

/** Whether an attacker can choose the beginning of the string to sign, so that a signature is also valid under another scheme. */
export const signsForeignStrings = ({ findings = [] }: { readonly findings?: readonly Finding[] }): boolean =>
  findings.some(({ code }) => code === 'no-domain-separation');
