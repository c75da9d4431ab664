import { fail } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { isSameKey, signsForeignStrings } from '../../schemes/same-key.ts';
import type { KeyRecord } from '../contracts.ts';
import type { PreparedKeys } from './prepared-keys.ts';

/**
 * Checks, once per record, that a scheme whose string to sign comes from others does not share a secret with another scheme.
 * Otherwise a signature made under the first could be valid under the second.
 *
 * @throws SignatureError `internal_error`, from the returned function.
 */
export function createSecretRegistry(prepared: ReadonlyMap<Scheme, PreparedKeys>): (record: KeyRecord) => void {
  const schemes = [...prepared.keys()];
  const foreign = schemes.filter(signsForeignStrings);
  if (!foreign.length || schemes.length < 2) return () => {};
  const checked = new WeakSet<KeyRecord>();

  return (record) => {
    if (checked.has(record)) return;
    const keysOf = (scheme: Scheme) => record.secrets.flatMap((secret) => keyOf(prepared, scheme, secret) ?? []);
    for (const one of foreign) {
      const own = keysOf(one);
      const other = schemes.find((scheme) => scheme !== one && own.some((key) => hasKey(keysOf(scheme), key)));
      if (other) {
        const cause = `One secret of ${record.accessKey} is for ${one.name} and for ${other.name}: give each its own, and name its scheme.`;
        // Not 503: the address pays, or a stranger who names this key could guess for nothing.
        fail('internal_error', 'The request could not be judged.', 500, new Error(cause));
      }
    }
    checked.add(record);
  };
}

const hasKey = (keys: readonly SigningKey[], key: SigningKey): boolean => keys.some((one) => isSameKey(one, key));

// A secret that the scheme cannot use is reported when it is used.
function keyOf(
  prepared: ReadonlyMap<Scheme, PreparedKeys>,
  scheme: Scheme,
  secret: KeyRecord['secrets'][number],
): SigningKey | undefined {
  try {
    return prepared.get(scheme)?.get(secret);
  } catch {
    return undefined;
  }
}
