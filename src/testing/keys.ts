import type { Credentials } from '../core/credentials.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import { memoryKeys } from '../server/keys/memory-keys.ts';

/**
 * Credentials for tests: the same in every run, with a checksum that is right. The secret is public. Never store this key on a
 * server that others can reach.
 */
export const testCredentials: Credentials & { readonly secret: string } = Object.freeze({
  accessKey: 'csign_ak_test_636f756e7465727369676e2d74657374f094bff0',
  secret: 'csign_sk_test_7468697320736563726574206973207075626c69632c20666f72207465737473cf44995f',
});

/** Credentials with a shared secret, or the record of a key, as a server stores it. */
export type TestKey = Credentials | KeyRecord;

/** Returns the record of a key. The record of credentials has no scopes. */
export const recordOf = (key: TestKey): KeyRecord =>
  'secrets' in key
    ? key
    : {
        accessKey: key.accessKey,
        service: 'test',
        environment: 'test',
        secrets: [{ secret: key.secret }],
      };

/**
 * @throws SignatureError `invalid_credentials`, `invalid_configuration`
 */
export const keyStoreOf = (keys: readonly TestKey[] | KeyStore): KeyStore =>
  isList(keys) ? memoryKeys(keys.map(recordOf)) : keys;

const isList = (keys: readonly TestKey[] | KeyStore): keys is readonly TestKey[] => Array.isArray(keys);
