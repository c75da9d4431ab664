import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { formatSecret } from '../../core/credentials.ts';
import { utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { StoredKey } from './key-table.ts';

/** 32 bytes derived from a master secret for one purpose, by HKDF-SHA256 (RFC 5869). */
export const derivedBytes = (master: Uint8Array, purpose: string, info: string): Uint8Array =>
  hkdf(sha256, master, utf8(purpose), utf8(info), 32);

/** Secrets that are derived from one master secret and stored nowhere. Made by {@link derivedSecrets}. */
export type DerivedSecrets = { derive(key: Pick<StoredKey, 'accessKey' | 'environment'>, id: string): string };

/**
 * Secrets derived from a master secret by HKDF-SHA256 (RFC 5869), for the access key and the secret's own id: no store holds
 * any, and a rotation gives another.
 *
 * @param options.master at least 32 bytes that nobody else has; whoever has it has every secret.
 * @throws SignatureError `invalid_configuration` for a shorter one.
 */
export function derivedSecrets({ master }: { readonly master: Uint8Array }): DerivedSecrets {
  if (!(master?.length >= 32)) fail('invalid_configuration', 'The master secret must have at least 32 bytes.');
  const own = new Uint8Array(master);
  return {
    derive: ({ accessKey, environment }, id) =>
      formatSecret(environment, derivedBytes(own, 'countersign-derived1', `${accessKey}\n${id}`)),
  };
}
