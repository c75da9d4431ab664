import { memoryKeyTable } from 'countersign/server';
import { describe } from 'vitest';
import { keyTableContract } from './key-contract.ts';
import { keyDeletionContract } from './key-deletion-contract.ts';

describe('memoryKeyTable', () => {
  const table = memoryKeyTable();
  keyTableContract(() => table);
  keyDeletionContract(() => table);
});
