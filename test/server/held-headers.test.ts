import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cachedKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';

// V8 keeps the whole of a text for as long as a part of it is kept. What lasts longer than a request must have texts of its
// own, or else its bound in entries is none in bytes: callers choose how long their headers are.

const count = 2000;
const header = 16_000;

/** As a pattern finds a value in a long header. */
const cut = (i: number): string =>
  Buffer.alloc(header, `value-${100_000 + i} of a header `)
    .toString('latin1')
    .slice(0, 30);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** By how much the heap grows while something is done with so many values. */
async function grown(act: (value: string) => unknown): Promise<number> {
  const held = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  await act(cut(0));
  const before = held();
  for (let i = 1; i <= count; i += 1) await act(cut(i));
  const growth = held() - before;
  // What is measured is still there.
  await act(cut(1));
  return growth;
}

it('a nonce that is remembered does not hold the header that it came in', async () => {
  const replay = memoryReplay();
  expect(await grown((nonce) => replay.claim('key', nonce, Date.now() + 60_000))).toBeLessThan((count * header) / 10);
  expect(replay.claim('key', cut(1), Date.now() + 60_000)).toBe('seen');
});

it('nor does an access key that is known not to exist', async () => {
  const keys = cachedKeys({ find: () => undefined });
  expect(await grown((accessKey) => keys.find(accessKey))).toBeLessThan((count * header) / 10);
});

it('sees it where it happens', async () => {
  // In a Set, newer versions of V8 keep a copy.
  const held: string[] = [];
  expect(await grown((value) => held.push(value))).toBeGreaterThan((count * header) / 2);
});
