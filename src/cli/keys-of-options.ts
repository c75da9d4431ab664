import { fail } from '../core/errors.ts';
import type { KeyRecord, KeySecret, KeyStore } from '../server/contracts.ts';
import type { KeyTable } from '../server/keys/key-table.ts';
import { memoryKeys } from '../server/keys/memory-keys.ts';
import { withKeys } from './commands/keys/open-keys.ts';
import { readAccessKey, readCredentials, readSecret } from './credentials.ts';
import { hasDatabase } from './database.ts';
import type { SchemeInUse } from './find-scheme.ts';
import { parsePublicKey } from './pem-key.ts';
import type { ReceivedValues } from './received-message.ts';
import { readBytes, readSecretText, withoutLastBreak } from './text-file.ts';

/** The keys to verify with. */
export type KeysValues = {
  readonly store: KeyStore;
  /** `database`: a provider's keys, with their owners. `given`: a single key from the options. */
  readonly source: 'database' | 'given';
  /** The access key for schemes that carry none; undefined if none is given. */
  readonly accessKey: string | undefined;
  /** Keys whose secret the caller may have used by mistake: the first ones of the database. */
  others(): Promise<readonly KeyRecord[]>;
};

/** How many keys are tried. */
const maxTried = 100;

/**
 * Opens the keys to verify with. The first of these that is given: a key in files, `--database`, a key in the environment, the
 * database of the environment.
 *
 * @throws SignatureError `invalid_configuration` if none is given, or both files and `--database`.
 */
export async function withKeysOfOptions<Result>(
  given: ReceivedValues,
  use: SchemeInUse,
  run: (keys: KeysValues) => Promise<Result>,
): Promise<Result> {
  const inFiles = given.credentials !== undefined || given['secret-file'].length > 0 || given['public-key'].length > 0;
  if (inFiles && given.database !== undefined) {
    fail('invalid_configuration', 'Give --database, or a key in files, not both.');
  }
  if (!inFiles && hasDatabase(given) && (given.database !== undefined || !process.env.COUNTERSIGN_SECRET)) {
    const accessKey = readAccessKey(given);
    return withKeys(given, (store, table) =>
      run({ store, source: 'database', accessKey, others: () => firstKeys(store, table) }),
    );
  }
  const { accessKey = defaultAccessKey(use), secrets } = await givenRecord(given);
  const store = memoryKeys([{ accessKey, service: 'given', secrets }]);
  return run({ store, source: 'given', accessKey, others: async () => [] });
}

async function firstKeys(store: KeyStore, table: KeyTable): Promise<readonly KeyRecord[]> {
  const stored = await table.list({ limit: maxTried });
  // A key that cannot be opened cannot be tried.
  const found = await Promise.all(
    stored.map(async ({ accessKey }) => store.find(accessKey)).map((one) => one.catch(() => undefined)),
  );
  return found.filter((one) => one !== undefined);
}

const defaultAccessKey = ({ scheme, anonymous }: SchemeInUse): string =>
  anonymous
    ? scheme.name
    : fail(
        'invalid_configuration',
        'The access key is missing: give --access-key, --credentials or COUNTERSIGN_ACCESS_KEY.',
      );

type GivenRecord = Pick<KeyRecord, 'secrets'> & { readonly accessKey: string | undefined };

async function givenRecord(given: ReceivedValues): Promise<GivenRecord> {
  const { 'secret-file': files, 'public-key': publicKeys, 'secret-encoding': encoding, algorithm: algorithms } = given;
  if (!publicKeys.length && files.length < 2) {
    const one = { ...given, 'secret-file': files[0] };
    const { accessKey, secret } = await readCredentials(one, { prompt: 'refused', algorithms });
    return { accessKey, secrets: [{ secret }] };
  }
  // The file name identifies the secret in the output.
  const shared = files.map(async (id): Promise<KeySecret> => {
    const text = withoutLastBreak(await readSecretText(id, 'The secret'));
    return { id, secret: await readSecret(text, { encoding, algorithms }) };
  });
  const halves = publicKeys.map(async (id): Promise<KeySecret> => {
    const pem = new TextDecoder().decode(await readBytes(id, 'The public key'));
    return { id, publicKey: await parsePublicKey(pem, algorithms) };
  });
  return { accessKey: readAccessKey(given), secrets: await Promise.all([...shared, ...halves]) };
}
