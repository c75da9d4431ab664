import { bytesOfBase64 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { type DerivedSecrets, derivedSecrets } from '../server/managed-keys.ts';
import { aesSealer, type Sealer } from '../server/sealing.ts';
import type { Given, Options } from './command.ts';
import { secretTextIn } from './text-file.ts';

/** What opens the secrets in the database. */
export const atRestOptions = {
  'sealing-key-file': {
    type: 'text',
    value: 'FILE',
    help: 'NAME:KEY, a line each, the current one first. Without it, COUNTERSIGN_SEALING_KEY.',
  },
  'master-file': {
    type: 'text',
    value: 'FILE',
    help: 'What secrets are derived from, in base64. Without it, COUNTERSIGN_MASTER_SECRET.',
  },
} as const satisfies Options;

export type GivenAtRest = Given<typeof atRestOptions>;

/**
 * How secrets are kept, as the caller says.
 *
 * @throws SignatureError `invalid_configuration` where it is not said, or in two ways.
 */
export async function secretsAtRest(given: GivenAtRest): Promise<Sealer | DerivedSecrets> {
  const sealing = await textOf(given['sealing-key-file'], 'COUNTERSIGN_SEALING_KEY', 'The sealing key');
  const master = await textOf(given['master-file'], 'COUNTERSIGN_MASTER_SECRET', 'The master secret');
  if (sealing !== undefined && master !== undefined) {
    fail('invalid_configuration', 'Secrets are sealed or derived: give a sealing key or a master secret, not both.');
  }
  if (master !== undefined) return derivedSecrets({ master: bytesIn64(master, 'The master secret') });
  return sealerOf(sealing);
}

/**
 * @throws SignatureError `invalid_configuration` as {@link secretsAtRest}, and where secrets are derived.
 */
export const sealerAtRest = async (given: Pick<GivenAtRest, 'sealing-key-file'>): Promise<Sealer> =>
  sealerOf(await textOf(given['sealing-key-file'], 'COUNTERSIGN_SEALING_KEY', 'The sealing key'));

async function textOf(file: string | undefined, variable: string, what: string): Promise<string | undefined> {
  return file === undefined ? process.env[variable] || undefined : secretTextIn(file, what);
}

function sealerOf(text: string | undefined): Sealer {
  if (text === undefined) {
    return fail(
      'invalid_configuration',
      'Secrets are stored sealed: give COUNTERSIGN_SEALING_KEY, which countersign keys sealing-key makes.',
    );
  }
  const named = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(namedKey);
  const [current] = named;
  if (!current) return fail('invalid_configuration', 'The sealing key is empty.');
  const keys = Object.fromEntries(named.map(({ name, key }) => [name, key]));
  if (Object.keys(keys).length < named.length) fail('invalid_configuration', 'Two sealing keys have one name.');
  return aesSealer({ current: current.name, keys });
}

function namedKey(text: string): { readonly name: string; readonly key: Uint8Array } {
  const [, name, key] = /^([\w-]{1,64}):(.+)$/.exec(text) ?? [];
  if (name === undefined || key === undefined) {
    return fail('invalid_configuration', 'A sealing key must be as 2026:… with 32 bytes in base64.');
  }
  return { name, key: bytesIn64(key, `The sealing key ${name}`) };
}

function bytesIn64(text: string, what: string): Uint8Array {
  const trimmed = text.trim();
  return /^[\w+/-]+={0,2}$/.test(trimmed) && trimmed.replace(/=/g, '').length % 4 !== 1
    ? bytesOfBase64(trimmed)
    : fail('invalid_configuration', `${what} must be in base64.`);
}
