import { decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type DerivedSecrets, derivedSecrets } from './derived-secrets.ts';
import { aesSealer, type Sealer } from './sealing.ts';

/**
 * Creates a sealer from the text that `countersign keys sealing-key` prints, usually in the variable COUNTERSIGN_SEALING_KEY.
 *
 * @param text `NAME:KEY`, the key being 32 bytes in base64 or base64url. Separate several with commas or whitespace: the first
 * seals, all of them open.
 * @throws SignatureError `invalid_configuration`. The message never contains a key.
 * @example
 * import { sealerFromText } from 'countersign/server';
 *
 * const sealer = sealerFromText('2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * const sealed = await sealer.seal('s3cret', 'ck_1');
 * console.log(await sealer.open(sealed, 'ck_1')); // → s3cret
 */
export function sealerFromText(text: string | undefined): Sealer {
  const named = requireText(text, 'The sealing key')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(namedKey);
  const [current] = named;
  if (!current) return fail('invalid_configuration', 'The sealing key is empty.');
  const keys = Object.fromEntries(named.map(({ name, key }) => [name, key]));
  if (Object.keys(keys).length < named.length) fail('invalid_configuration', 'Two sealing keys have the same name.');
  return aesSealer({ current: current.name, keys });
}

/**
 * Creates derived secrets from a master secret in text form, usually in the variable COUNTERSIGN_MASTER_SECRET.
 *
 * @param text at least 32 bytes, in base64 or base64url.
 * @throws SignatureError `invalid_configuration`. The message never contains the master secret.
 * @example
 * import { derivedSecretsFromText, managedKeys, memoryKeyTable } from 'countersign/server';
 *
 * const secrets = derivedSecretsFromText('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=');
 * const keys = managedKeys({ table: memoryKeyTable(), secrets });
 */
export function derivedSecretsFromText(text: string | undefined): DerivedSecrets {
  const what = 'The master secret';
  return derivedSecrets({ master: requireBase64(requireText(text, what), what) });
}

function requireText(text: string | undefined, what: string): string {
  if (typeof text === 'string') return text;
  return fail(
    'invalid_configuration',
    `${what} is ${text === undefined ? 'undefined: is the variable set?' : 'not a string.'}`,
  );
}

function namedKey(text: string): { readonly name: string; readonly key: Uint8Array } {
  const [, name, written] = /^([\w-]{1,64}):(.+)$/.exec(text) ?? [];
  if (name === undefined || written === undefined) {
    return fail('invalid_configuration', 'A sealing key must look like 2026:… with 32 bytes in base64.');
  }
  const key = requireBase64(written, `The sealing key ${name}`);
  // Checked here, so that a wrong key fails at startup and not with the first secret.
  if (key.length !== 32) fail('invalid_configuration', `The sealing key ${name} has ${key.length} bytes, not 32.`);
  return { name, key };
}

function requireBase64(text: string, what: string): Uint8Array {
  const trimmed = text.trim();
  return /^[\w+/-]+={0,2}$/.test(trimmed) && trimmed.replace(/=/g, '').length % 4 !== 1
    ? decodeBase64(trimmed)
    : fail('invalid_configuration', `${what} must be in base64.`);
}
