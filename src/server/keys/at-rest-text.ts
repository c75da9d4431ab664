import { decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type DerivedSecrets, derivedSecrets } from './derived-secrets.ts';
import { aesSealer, type Sealer } from './sealing.ts';

/**
 * The sealer with the keys that `countersign keys sealing-key` prints, as in the variable COUNTERSIGN_SEALING_KEY.
 *
 * @param text `NAME:KEY`, with 32 bytes in base64 or base64url. Several are separated by commas, blanks or line breaks: the first
 * seals, the others open what they sealed.
 * @throws SignatureError `invalid_configuration`, which never repeats a key.
 */
export function sealerFromText(text: string | undefined): Sealer {
  const named = requireText(text, 'The sealing key')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(namedKey);
  const [current] = named;
  if (!current) return fail('invalid_configuration', 'The sealing key is empty.');
  const keys = Object.fromEntries(named.map(({ name, key }) => [name, key]));
  if (Object.keys(keys).length < named.length) fail('invalid_configuration', 'Two sealing keys have one name.');
  return aesSealer({ current: current.name, keys });
}

/**
 * Secrets derived from a master secret that is written as a text, as in the variable COUNTERSIGN_MASTER_SECRET.
 *
 * @param text 32 bytes or more, in base64 or base64url.
 * @throws SignatureError `invalid_configuration`, which never repeats the master secret.
 */
export function derivedSecretsFromText(text: string | undefined): DerivedSecrets {
  const what = 'The master secret';
  return derivedSecrets({ master: bytesIn64(requireText(text, what), what) });
}

function requireText(text: string | undefined, what: string): string {
  if (typeof text === 'string') return text;
  return fail(
    'invalid_configuration',
    `${what} is ${text === undefined ? 'undefined: is the variable set?' : 'no text.'}`,
  );
}

function namedKey(text: string): { readonly name: string; readonly key: Uint8Array } {
  const [, name, written] = /^([\w-]{1,64}):(.+)$/.exec(text) ?? [];
  if (name === undefined || written === undefined) {
    return fail('invalid_configuration', 'A sealing key must be as 2026:… with 32 bytes in base64.');
  }
  const key = bytesIn64(written, `The sealing key ${name}`);
  // Here and not with the first secret, which may be days later.
  if (key.length !== 32) fail('invalid_configuration', `The sealing key ${name} has ${key.length} bytes, not 32.`);
  return { name, key };
}

function bytesIn64(text: string, what: string): Uint8Array {
  const trimmed = text.trim();
  return /^[\w+/-]+={0,2}$/.test(trimmed) && trimmed.replace(/=/g, '').length % 4 !== 1
    ? decodeBase64(trimmed)
    : fail('invalid_configuration', `${what} must be in base64.`);
}
