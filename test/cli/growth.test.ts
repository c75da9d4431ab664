import { expect, it } from 'vitest';
import { refusePassword } from '../../src/cli/database.ts';
import { parseHeaderLine } from '../../src/cli/recorded/raw-request.ts';
import { fieldVariations } from '../../src/explain/fields.ts';
import { maskTarget } from '../../src/explain/masked-fields.ts';
import { forwardedPrefixes } from '../../src/explain/path.ts';

const bestTime = (work: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );

const message = (type: string) => ({
  method: 'POST',
  scheme: 'https' as const,
  authority: 'a',
  target: '/',
  rawTarget: '/',
  headers: { get: (name: string) => (name === 'content-type' ? type : null) },
});

const works: ReadonlyArray<readonly [name: string, work: (filling: string) => unknown, units: readonly string[]]> = [
  ['a header line', (filling) => parseHeaderLine(`a: b${filling}c`), [' ', '\t', ' b']],
  [
    'a URL of a database',
    (filling) => refusePassword(`a://${filling}`, { option: '--database', variable: 'X' }),
    [':', 'a:', '@', '?'],
  ],
  ['a target to show', (filling) => maskTarget(`/?${filling}`), ['sign', '?', '&', 'token', '=', 'sign=']],
  ['forwarded prefixes', (filling) => forwardedPrefixes({ get: () => `/a${filling}b` }), ['/', ' ', ',']],
  [
    'a content type',
    (filling) => [
      ...fieldVariations(
        { message: message(`a${filling}b`), body: new Uint8Array() },
        { own: [], effort: { leftOut: new Set() } },
      ),
    ],
    [' ', ';', '; '],
  ],
];

it.each(works)('%s costs in proportion to its length, whatever fills it', (_, work, units) => {
  for (const unit of units) {
    const timeFor = (size: number) => bestTime(() => work(unit.repeat(Math.floor(size / unit.length))));
    // Eight times as long: 64 times as dear where it grows with the square.
    const ratio = () => timeFor(2 ** 16) / Math.max(timeFor(2 ** 13), 0.05);
    expect(Math.min(ratio(), ratio(), ratio()), JSON.stringify(unit)).toBeLessThan(30);
  }
});

it('hides the values of telling parameters, and of no others', () => {
  expect(maskTarget('/token/a?b=1&X-Signature=abc&x-token=&SignedHeaders=host&my_secret=x=y')).toBe(
    '/token/a?b=1&X-Signature=…&x-token=&SignedHeaders=host&my_secret=…',
  );
});
