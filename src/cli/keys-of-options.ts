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
  /** Whether they are a provider's own, which knows whose they are, or one key that was given here. */
  readonly source: 'database' | 'given';
  /** Whose signature it is, for schemes that carry no access key; undefined where that is not said. */
  readonly accessKey: string | undefined;
  /** Keys whose secrets a caller may have taken by mistake: the first of those in the database. */
  others(): Promise<readonly KeyRecord[]>;
};

/** So many keys are looked through for the one that made a signature. */
const most = 100;

/**
 * Opens the keys to verify with: one in files, those in `--database`, one in the environment, or those in the database of the
 * environment; the first of these that is there.
 *
 * @throws SignatureError `invalid_configuration` where there is none, or there are two.
 */
export async function withKeysOfOptions<Result>(
  given: ReceivedValues,
  use: SchemeInUse,
  run: (keys: KeysValues) => Promise<Result>,
): Promise<Result> {
  const inFiles = given.credentials !== undefined || given['secret-file'].length > 0 || given['public-key'].length > 0;
  if (inFiles && given.database !== undefined) {
    fail('invalid_configuration', 'The keys are in --database, or one is given in files: give one of the two.');
  }
  if (!inFiles && hasDatabase(given) && (given.database !== undefined || !process.env.COUNTERSIGN_SECRET)) {
    const accessKey = readAccessKey(given);
    return withKeys(given, (store, table) =>
      run({ store, source: 'database', accessKey, others: () => firstKeys(store, table) }),
    );
  }
  const { accessKey = nameless(use), secrets } = await givenRecord(given);
  const store = memoryKeys([{ accessKey, service: 'given', secrets }]);
  return run({ store, source: 'given', accessKey, others: async () => [] });
}

async function firstKeys(store: KeyStore, table: KeyTable): Promise<readonly KeyRecord[]> {
  const stored = await table.list({ limit: most });
  // One that cannot be opened has made no signature that could be told.
  const found = await Promise.all(
    stored.map(async ({ accessKey }) => store.find(accessKey)).map((one) => one.catch(() => undefined)),
  );
  return found.filter((one) => one !== undefined);
}

const nameless = ({ scheme, anonymous }: SchemeInUse): string =>
  anonymous
    ? scheme.name
    : fail('invalid_configuration', 'Whose signature? Give --access-key, --credentials or COUNTERSIGN_ACCESS_KEY.');

type GivenRecord = Pick<KeyRecord, 'secrets'> & { readonly accessKey: string | undefined };

async function givenRecord(given: ReceivedValues): Promise<GivenRecord> {
  const { 'secret-file': files, 'public-key': publicKeys, 'secret-encoding': encoding, algorithm: algorithms } = given;
  if (!publicKeys.length && files.length < 2) {
    const one = { ...given, 'secret-file': files[0] };
    const { accessKey, secret } = await readCredentials(one, { prompt: 'refused', algorithms });
    return { accessKey, secrets: [{ secret }] };
  }
  // Which of several fits is told by the name of its file.
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
