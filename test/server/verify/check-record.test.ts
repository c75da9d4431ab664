import { expect, it } from 'vitest';
import type { KeyRecord } from '../../../src/server/contracts.ts';
import { checkRecordShape } from '../../../src/server/verify/check-record.ts';

const record: KeyRecord = {
  accessKey: 'shop',
  service: 'shop',
  secrets: [{ secret: 'the secret of the shop', scheme: 'hawk', notBefore: 1, expiresAt: 2 }],
  scopes: ['orders:read'],
  schemes: ['hawk'],
  algorithms: ['hmac-sha256'],
  addresses: ['192.0.2.1'],
  notBefore: 1,
  expiresAt: 2,
  sessions: { maxLifetime: 60 },
};

it('a record of a store has the shapes that restrict a key', () => {
  checkRecordShape(record);
  checkRecordShape({ ...record, sessions: false });
  checkRecordShape({ accessKey: 'shop', service: 'shop', secrets: [] });
  // A hole in the list is found when the secret is used.
  checkRecordShape({ ...record, secrets: [undefined] as never });
});

const list = 'a list of strings';
const time = 'a number of milliseconds';
it.each<[string, unknown, string]>([
  ['scopes', 'orders:read', list],
  ['scopes', ['orders:read', 7], list],
  ['schemes', 'hawk', list],
  ['algorithms', 'hmac-sha256', list],
  ['addresses', '192.0.2.1', list],
  ['notBefore', null, time],
  ['notBefore', '1', time],
  ['expiresAt', '2', time],
  ['sessions', true, 'false or { maxLifetime }'],
  ['secrets', 'the secret of the shop', 'a list'],
])('a record of which %s is %o is a fault of the store', (name, value, expected) => {
  expect(() => checkRecordShape({ ...record, [name]: value } as never)).toThrow(
    expect.objectContaining({
      code: 'key_store_unavailable',
      status: 503,
      message: `The key store returned a record of which ${name} is not ${expected}.`,
    }),
  );
});

it.each<[string, unknown, string]>([
  ['scheme', 7, 'a string'],
  ['notBefore', null, time],
  ['expiresAt', '2', time],
])('a secret of which %s is %o is a fault of the store', (name, value, expected) => {
  const secrets = [{ secret: 'the secret of the shop', [name]: value }];
  expect(() => checkRecordShape({ ...record, secrets } as never)).toThrow(
    `The key store returned a record of which ${name} is not ${expected}.`,
  );
});
