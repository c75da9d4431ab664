import { memoryKeyTable } from 'countersign/server';
import { describe } from 'vitest';
import { keyTableContract } from './key-contract.ts';

describe('memoryKeyTable', () => {
  const table = memoryKeyTable();
  keyTableContract(() => table);
});
