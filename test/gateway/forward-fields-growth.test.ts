import { expect, it } from 'vitest';
import { endToEndFields } from '../../src/gateway/forward-fields.ts';

const bestTime = (work: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );

const timeFor = (unit: string, size: number): number => {
  const value = `a${unit.repeat(Math.floor(size / unit.length))}b`;
  return bestTime(() => endToEndFields(['Connection', value]));
};

it.each([' ', '\t', ' \t', ' ,', ', ', 'a ', ','])(
  'a Connection full of %j costs in proportion to its length',
  (unit) => {
    // Eight times as long: 64 times as dear where it grows with the square.
    const ratio = () => timeFor(unit, 2 ** 18) / Math.max(timeFor(unit, 2 ** 15), 0.05);
    expect(Math.min(ratio(), ratio(), ratio())).toBeLessThan(30);
  },
);

it('takes off what Connection names, however it is spaced', () => {
  const fields = ['Connection', 'X-One ,\tx-TWO,close', 'x-one', '1', 'X-Two', '2', 'x-three', '3'];
  expect(endToEndFields(fields)).toEqual(['x-three', '3']);
});
