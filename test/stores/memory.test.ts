import { memoryReplay } from 'countersign/server';
import { describe } from 'vitest';
import { replayContract } from './replay-contract.ts';

describe('memoryReplay', () => {
  const replay = memoryReplay();
  // A clock that is not the test's own needs another memory.
  replayContract(() => ({ store: (clock) => (clock ? memoryReplay({ clock }) : replay), empty: memoryReplay }));
});
