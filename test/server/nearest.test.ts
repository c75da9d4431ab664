import { expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/server/did-you-mean.ts';

const known = ['tolerance', 'maxBodyBytes', 'clock', 'keys', 'limits'];

it.each([
  ['tolerence', 'tolerance'],
  ['Tolerance', 'tolerance'],
  ['maxbodybytes', 'maxBodyBytes'],
  ['clcok', 'clock'],
  ['key', 'keys'],
  ['limit', 'limits'],
  ['kyes', 'keys'],
])('takes %s for %s', (given, meant) => {
  expect(nearest(given, known)).toBe(meant);
});

it.each(['', 'x', 'expiresIn', 'toleranceInSeconds', '__proto__', 'k'.repeat(100_000)])(
  'takes %.20s for nothing',
  (given) => {
    expect(nearest(given, known)).toBeUndefined();
    expect(didYouMean(given, known)).toBe('');
  },
);

it('prefers the nearest, and says nothing where nothing is known', () => {
  expect(nearest('lists', ['list', 'lists'])).toBe('lists');
  expect(nearest('list', [])).toBeUndefined();
});
