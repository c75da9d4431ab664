import { type KeyTable, memoryKeyTable, pruneKeys } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { keyTableContract } from './key-contract.ts';
import { keyDeletionContract } from './key-deletion-contract.ts';

describe('memoryKeyTable', () => {
  const table = memoryKeyTable();
  keyTableContract(() => table);
  keyDeletionContract(() => table);
});

describe('a table with a row that holds the key of an earlier one', () => {
  const key = (name: number) => ({
    accessKey: `key-${100 + name}`,
    service: 'shop',
    environment: 'live',
    createdAt: 0,
    secrets: [],
    version: 1,
  });
  // The last row of a page leads back to its beginning.
  const rows = [...Array.from({ length: 99 }, (_, name) => key(name)), key(0)];
  const table: KeyTable = {
    ...memoryKeyTable(),
    list: async ({ after = '' }) => (after < 'key-199' ? rows : []),
  };

  it('is not read for ever', async () => {
    await expect(pruneKeys({ table, endedBefore: 1 })).rejects.toMatchObject({
      code: 'key_store_unavailable',
      message: 'The table lists a key twice, or not in order.',
    });
  });
});
