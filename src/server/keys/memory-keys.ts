import { type Secret, withHiddenSecret } from '../../core/credentials.ts';
import { fail } from '../../core/errors.ts';
import type { KeyRecord, KeySecret, KeyStore } from '../contracts.ts';
import { copyKnown, type OptionNames, requireKnownOptions } from '../known-options.ts';
import { parseRanges } from '../ranges.ts';
import { checkKeySecret } from './key-secret.ts';
import { checkMoment } from './moments.ts';
import { checkOrdinaryKey } from './ordinary-key.ts';
import { checkSessions } from './sessions-of-key.ts';

export const recordNames: OptionNames<KeyRecord> = {
  accessKey: true,
  service: true,
  secrets: true,
  environment: true,
  scopes: true,
  notBefore: true,
  expiresAt: true,
  revoked: true,
  schemes: true,
  algorithms: true,
  addresses: true,
  createdAt: true,
  lastUsedAt: true,
  explain: true,
  sessions: true,
};

/** Includes `accessKey`, so that the result of `generateCredentials()` can be used as an entry. */
const secretNames: OptionNames<KeySecret & { readonly accessKey: string }> = {
  accessKey: true,
  id: true,
  scheme: true,
  notBefore: true,
  expiresAt: true,
  secret: true,
  publicKey: true,
};

/**
 * A key store in memory with a fixed list of keys: for a few callers from configuration, and for tests.
 *
 * @throws SignatureError `invalid_credentials` for an invalid access key, secret or public key; `invalid_configuration` for a
 * record without secrets or service, with an unknown property, or given twice.
 * @example
 * import { generateCredentials, memoryKeys } from 'countersign/server';
 *
 * const credentials = generateCredentials();
 * const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'billing', secrets: [credentials] }]);
 */
export function memoryKeys(records: readonly KeyRecord[]): KeyStore {
  const keys = new Map<string, KeyRecord>();
  if (typeof records?.[Symbol.iterator] !== 'function' || typeof records === 'string') {
    fail('invalid_configuration', 'memoryKeys() takes a list of key records.');
  }
  for (const record of records) {
    const { accessKey, service, secrets } = record;
    checkOrdinaryKey(accessKey);
    if (!service || !secrets?.length)
      fail('invalid_configuration', `The key ${accessKey} needs a service, and a list such as secrets: [{ secret }].`);
    requireKnownOptions(record, recordNames, `The key ${accessKey}`);
    parseRanges(record.addresses ?? []);
    if (keys.has(accessKey)) fail('invalid_configuration', `The key ${accessKey} is given twice.`);
    checkMoment('expiresAt', record.expiresAt);
    checkMoment('notBefore', record.notBefore);
    checkSessions(record.sessions);
    for (const entry of secrets) {
      if (typeof entry !== 'object')
        fail('invalid_configuration', `A secret of the key ${accessKey} must be { secret }, not a string.`);
      requireKnownOptions(entry, secretNames, `A secret of the key ${accessKey}`);
      checkKeySecret(entry);
    }
    // Copied, because the caller may wipe or change its own bytes.
    keys.set(accessKey, {
      ...copyKnown(record, recordNames),
      secrets: secrets.map(copySecret),
      ...(record.scopes && { scopes: [...record.scopes] }),
    });
  }
  return { find: (accessKey) => keys.get(accessKey) };
}

function copySecret(entry: KeySecret): KeySecret {
  const copy: KeySecret = copyKnown(entry, secretNames);
  return copy.publicKey ? copy : hideSecret(copy);
}

type Shared = Extract<KeySecret, { readonly secret: Secret }>;

function hideSecret({ secret, ...rest }: Shared): Shared {
  return withHiddenSecret(rest, copyOf(secret));
}

const copyOf = (secret: Secret): Secret => (ArrayBuffer.isView(secret) ? new Uint8Array(secret) : secret);
