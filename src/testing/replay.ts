import type { ReplayStore } from '../server/contracts.ts';
import { memoryReplay } from '../server/replay/memory-replay.ts';
import { currentRound } from './nonces.ts';

/** A replay store in memory that forgets all nonces when the nonces of test signers start again. */
export function testReplay(clock: () => number): ReplayStore {
  let round = currentRound();
  let store = memoryReplay({ clock });
  return {
    claim(...claim) {
      if (round !== currentRound()) {
        round = currentRound();
        store = memoryReplay({ clock });
      }
      return store.claim(...claim);
    },
  };
}
