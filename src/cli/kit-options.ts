import { fail } from '../core/errors.ts';
import type { KitCredentials } from '../kit/credentials.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { readCredentials } from './credentials.ts';
import { definitionIn } from './find-scheme.ts';

/** The definition of a kit; undefined for countersign-v1. */
export const kitDefinition = (file: string | undefined): SchemeDefinition | undefined =>
  file === undefined ? undefined : definitionIn(file);

/**
 * Reads the pair of a kit from a file.
 *
 * @throws SignatureError `invalid_configuration`
 */
export async function kitCredentials(file: string | undefined): Promise<KitCredentials | undefined> {
  if (file === undefined) return undefined;
  const given = { credentials: file, 'access-key': undefined, 'secret-file': undefined, 'secret-encoding': undefined };
  const { accessKey, secret } = await readCredentials(given, { prompt: 'refused', algorithms: [] });
  return accessKey !== undefined && typeof secret === 'string'
    ? { accessKey, secret }
    : fail('invalid_configuration', `${file} must have an accessKey and a secret, both as text.`);
}
