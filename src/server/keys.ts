import { checkAccessKey, concealed, type Secret } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import type { KeyRecord, KeySecret, KeyStore } from './contracts.ts';
import { checkKeySecret } from './key-secret.ts';
import { rangesOf } from './ranges.ts';

/**
 * Keys that are given once and held in memory: for a few partners from configuration, and for tests.
 *
 * @throws SignatureError `invalid_credentials` for an access key, secret or public key that cannot be one, `invalid_configuration` for
 * a record without secrets, without a service, or given twice.
 */
export function memoryKeys(records: Iterable<KeyRecord>): KeyStore {
  const keys = new Map<string, KeyRecord>();
  for (const record of records) {
    const { accessKey, service, secrets } = record;
    checkAccessKey(accessKey);
    if (!service || !secrets?.length)
      fail('invalid_configuration', `The key ${accessKey} needs a service and a secret.`);
    rangesOf(record.addresses ?? []);
    if (keys.has(accessKey)) fail('invalid_configuration', `The key ${accessKey} is given twice.`);
    for (const entry of secrets) checkKeySecret(entry);
    // Copied, for whoever wipes or changes what was handed in.
    keys.set(accessKey, {
      ...record,
      secrets: secrets.map((entry) => (entry.publicKey ? { ...entry } : concealedSecret(entry))),
      ...(record.scopes && { scopes: [...record.scopes] }),
    });
  }
  return { find: (accessKey) => keys.get(accessKey) };
}

type Shared = Extract<KeySecret, { readonly secret: Secret }>;

function concealedSecret({ secret, ...rest }: Shared): Shared {
  return concealed(rest, copyOf(secret));
}

const copyOf = (secret: Secret): Secret => (ArrayBuffer.isView(secret) ? new Uint8Array(secret) : secret);
