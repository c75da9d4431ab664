import { createSigner } from 'countersign';
import { accessKey, inputs, requestOf, secret } from './inputs.ts';
import type { Measured } from './measure.ts';
import { insist } from './rows.ts';

export const heldOperation = 'event loop held, 1 MiB';

const signer = createSigner({ accessKey, secret });
const { next } = inputs('POST', 2 ** 20);

/** How long nothing else could run while a body was hashed, at most, in microseconds. */
async function longestHold(): Promise<number> {
  const { url, bytes } = next();
  const request = requestOf({ ...next(), text: '' });
  let longest = 0;
  let last = performance.now();
  let ended = false;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!ended) setImmediate(look);
  };
  setImmediate(look);
  const signed = await signer.sign(request, { body: bytes });
  ended = true;
  look();
  insist(signed.headers.has('content-digest') && url, 'countersign: no digest');
  return longest * 1000;
}

/** With the platform's hash, and as on a page without one. What is handed in is not read, so all that holds is hashing. */
export async function measureHeld(rounds: number): Promise<readonly Measured[]> {
  const found: Measured[] = [];
  const { crypto } = globalThis;
  const without = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  for (const [row, value] of Object.entries({ 'with WebCrypto': crypto, 'without WebCrypto': without })) {
    Object.defineProperty(globalThis, 'crypto', { value, configurable: true });
    const holds: number[] = [];
    for (let round = -5; round < rounds; round++) {
      // The least of a few, since whoever else runs on the machine holds the loop as well.
      const tries: number[] = [];
      for (let i = 0; i < 5; i++) tries.push(await longestHold());
      if (round >= 0) holds.push(Math.min(...tries));
    }
    found.push({ operation: heldOperation, row, rounds: holds });
  }
  Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
  return found;
}
