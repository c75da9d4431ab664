import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { formatSecret } from '../../core/credentials.ts';
import { utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { StoredKey } from './key-table.ts';

/** Derives 32 bytes from a master secret for one purpose, with HKDF-SHA256 (RFC 5869). */
export const derivedBytes = (master: Uint8Array, purpose: string, info: string): Uint8Array =>
  hkdf(sha256, master, utf8(purpose), utf8(info), 32);

/** Secrets that are derived from a master secret instead of being stored. Created by {@link derivedSecrets}. */
export type DerivedSecrets = { derive(key: Pick<StoredKey, 'accessKey' | 'environment'>, id: string): string };

/**
 * Derives secrets from a master secret with HKDF-SHA256 (RFC 5869). The inputs are the access key and the id of the secret, so
 * a rotation gives a different secret, and no store contains any.
 *
 * @param options.master at least 32 secret bytes. Anyone who has them can compute every secret.
 * @throws SignatureError `invalid_configuration` if it is shorter.
 * @example
 * import { derivedSecrets, managedKeys, memoryKeyTable } from 'countersign/server';
 *
 * const master = crypto.getRandomValues(new Uint8Array(32)); // in production: from a secret manager
 * const keys = managedKeys({ table: memoryKeyTable(), secrets: derivedSecrets({ master }) });
 */
export function derivedSecrets({ master }: { readonly master: Uint8Array }): DerivedSecrets {
  if (!(master?.length >= 32)) fail('invalid_configuration', 'The master secret must have at least 32 bytes.');
  const own = new Uint8Array(master);
  return {
    derive: ({ accessKey, environment }, id) =>
      formatSecret(environment, derivedBytes(own, 'countersign-derived1', `${accessKey}\n${id}`)),
  };
}
