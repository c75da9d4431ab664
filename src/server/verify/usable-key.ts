import type { SigningKey } from '../../core/signing-key.ts';
import type { KeySecret } from '../contracts.ts';
import type { PreparedKeys } from './prepared-keys.ts';

/** The schemes that may use a secret. */
export type Usage = {
  /** Of the scheme of the signature. */
  readonly prepared: PreparedKeys;
  /** Of all schemes of the verifier. */
  readonly others: readonly PreparedKeys[];
  /** Collects why a secret cannot be used. */
  readonly unusable: unknown[];
};

/** The key of a secret, unless it is for another scheme of the verifier: then a stranger who names this one must not see a fault. */
export function usableKey(secret: KeySecret, { prepared, others, unusable }: Usage): SigningKey | undefined {
  try {
    return prepared.get(secret);
  } catch (cause) {
    if (!others.some((other) => canUse(other, secret))) throw cause;
    unusable.push(cause);
    return undefined;
  }
}

/** True if a scheme can make a signing key of a secret. */
export function canUse(prepared: PreparedKeys, secret: KeySecret): boolean {
  try {
    return prepared.get(secret) !== undefined;
  } catch {
    return false;
  }
}
