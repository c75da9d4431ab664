import { fail } from '../core/errors.ts';
import { derivedSecretsFromText, sealerFromText } from '../server/keys/at-rest-text.ts';
import type { DerivedSecrets } from '../server/keys/derived-secrets.ts';
import type { Sealer } from '../server/keys/sealing.ts';
import type { Options, OptionValues } from './command.ts';
import { readSecretText } from './text-file.ts';

/** Options for opening the secrets in the database. */
export const atRestOptions = {
  'sealing-key-file': {
    type: 'text',
    value: 'FILE',
    help: 'NAME:KEY, one per line, the current one first. Default: COUNTERSIGN_SEALING_KEY.',
  },
  'master-file': {
    type: 'text',
    value: 'FILE',
    help: 'The master secret, in base64. Default: COUNTERSIGN_MASTER_SECRET.',
  },
} as const satisfies Options;

export type AtRestValues = OptionValues<typeof atRestOptions>;

/**
 * The sealer or the derived secrets that the options or the environment specify.
 *
 * @throws SignatureError `invalid_configuration` if neither is specified, or both are.
 */
export async function secretsAtRest(given: AtRestValues): Promise<Sealer | DerivedSecrets> {
  const sealing = await textOf(given['sealing-key-file'], 'COUNTERSIGN_SEALING_KEY', 'The sealing key');
  const master = await textOf(given['master-file'], 'COUNTERSIGN_MASTER_SECRET', 'The master secret');
  if (sealing !== undefined && master !== undefined) {
    fail(
      'invalid_configuration',
      'Secrets are either sealed or derived: give a sealing key or a master secret, not both.',
    );
  }
  return master === undefined ? sealerOf(sealing) : derivedSecretsFromText(master);
}

/**
 * @throws SignatureError `invalid_configuration` as {@link secretsAtRest}, and if only a master secret is specified.
 */
export const sealerAtRest = async (given: Pick<AtRestValues, 'sealing-key-file'>): Promise<Sealer> =>
  sealerOf(await textOf(given['sealing-key-file'], 'COUNTERSIGN_SEALING_KEY', 'The sealing key'));

async function textOf(file: string | undefined, variable: string, what: string): Promise<string | undefined> {
  return file === undefined ? process.env[variable] || undefined : readSecretText(file, what);
}

const sealerOf = (text: string | undefined): Sealer =>
  text === undefined
    ? fail(
        'invalid_configuration',
        'Secrets are stored sealed: give COUNTERSIGN_SEALING_KEY. countersign keys sealing-key makes one.',
      )
    : sealerFromText(text);
