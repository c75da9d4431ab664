import { describe, expect, it } from 'vitest';
import { chain, isPromise } from '../../src/core/awaitable.ts';

// biome-ignore lint/suspicious/noThenProperty: query builders return such objects
const thenable = { then: (resolve: (value: number) => void) => resolve(1) } as unknown as Promise<number>;

describe('a value that may be a promise', () => {
  it.each([Promise.resolve(1), thenable])('is recognised by its then method', (value) => {
    expect(isPromise(value)).toBe(true);
  });

  it.each([undefined, null, 0, '', {}, () => 1])('%o is no promise', (value) => {
    expect(isPromise(value)).toBe(false);
  });

  it('is passed on at once when it is there, and later when it is not', async () => {
    expect(chain(1, (one) => one + 1)).toBe(2);
    expect(await chain(Promise.resolve(1), (one) => one + 1)).toBe(2);
  });
});
