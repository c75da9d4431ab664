import { utf8 } from '../core/encoding.ts';
import { secretPlaceholder } from '../schemes/define/keyed-hash.ts';
import type { KeyRecord } from '../server/contracts.ts';

/**
 * Replaces the secrets of keys in the caller's string to sign by `{secret}`, for keyed hashes, whose callers have the secret in it.
 * Undefined if the result has no `{secret}`: then the string may contain a secret that is not known here.
 */
export function hideSecrets(own: Uint8Array, records: readonly KeyRecord[]): Uint8Array | undefined {
  const forms = records.flatMap(({ secrets }) => secrets.flatMap(({ secret }) => formsOf(secret)));
  // The longest first, because one may contain another.
  const hidden = forms
    .sort((a, b) => b.length - a.length)
    .reduce((text, form) => text.replaceAll(form, secretPlaceholder), toLatin1(own));
  return hidden.includes(secretPlaceholder) ? Uint8Array.from(hidden, (byte) => byte.charCodeAt(0)) : undefined;
}

const toLatin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The bytes that a caller may hash for a secret: as they are, or decoded. */
function formsOf(secret: unknown): readonly string[] {
  if (ArrayBuffer.isView(secret))
    return [toLatin1(new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength))];
  if (typeof secret !== 'string') return [];
  const decoded = (['hex', 'base64'] as const).map((encoding) => Buffer.from(secret, encoding).toString('latin1'));
  // The shortest secret has 16 bytes; a few decoded bytes could be anywhere.
  return [toLatin1(utf8(secret)), ...decoded].filter(({ length }) => length >= 12);
}
