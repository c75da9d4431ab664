import { checkSync } from 'recheck';
import { afterAll, expect, it, vi } from 'vitest';
import type { SchemeDefinition } from '../../src/schemes.ts';
import { expressions, expressionsIn, makers, withoutCounts } from './expressions.ts';
import { dearTexts } from './growth.ts';

type Written = { readonly source: string; readonly flags: string };

/** Whether one search takes time that grows with the length of its text, as far as the checker can tell. */
function checked(source: string, flags: string): string {
  const found = checkSync(source, flags, { checker: 'automaton', timeout: 60_000 });
  if (found.status === 'unknown') return found.status;
  const { type, summary } = found.complexity;
  return found.status === 'vulnerable' ? summary : type === 'safe' ? 'linear' : type;
}

/** Large counts are too much for the checker, so they are taken for endless first; where it gives up, pumped texts decide. */
function verdictOn({ source, flags }: Written): string {
  const verdict = checked(withoutCounts(source), flags);
  if (verdict !== 'unknown') return verdict;
  const again = checked(source, flags);
  if (again !== 'unknown') return again;
  return dearTexts({ source, flags }).length > 0 ? 'unknown' : 'linear';
}

/** What the checker cannot prove, or refuses, and what bounds it. */
const bounded: Readonly<Record<string, string>> = {
  // Lookaheads, which the checker does not know.
  '^Mozilla(?!.*(jsdom|HappyDOM))':
    'begins at the start alone, and its lookahead scans once; the text is the own runtime',
  '^https?:\\/\\/(?:[a-z\\d]+(?:-[a-z\\d]+)*\\.)+[a-z]+(?:\\/(?![.%])[\\w!$%&()*+,.:;=@~-]+)*\\/?(?:\\?[\\w!$%&()*+,./:;=?@~-]*)?$':
    'begins at the start alone; labels, dots, slashes and ? exclude each other, and the lookahead sees one character',
  '^(https?):\\/\\/([^/?#@]+)(?![^/?#])([^#]*)': 'begins at the start alone; the lookahead sees one character',
  '^([^:]*[^:.])\\.?(?=:|$)': 'begins at the start alone; the lookahead sees one character',
  '^(["\'])(.*)\\1$': 'begins at the start alone, and refers back to one character; the field has at most 1024',
  '^::ffff:(?=\\d+\\.)': 'begins at the start alone',
  // Too large for the checker.
  '(?:^|,[ \\t]*)Countersign (?:[\\w-]{1,64}="[^"]*", ?)*challenge="([\\w.~+/=-]{1,512})"':
    'begins at commas alone; a beginning within quotes of an earlier one ends at the next quote',
  // Searched again and again, but not to the end.
  '\\{\\{|\\}\\}|\\[\\[|\\]\\]|\\{[^}]*\\}|[{}[\\]]|[^{}[\\]]+': 'parseTemplate stops at the first { that has no }',
  // Squares, which something before them keeps small.
  '\\/+$': 'forwardedPrefixes leaves out prefixes of more than 300 characters before',
};

const kindsOf = (all: readonly Written[]): readonly Written[] => [
  ...new Map(all.map((one) => [`/${one.source}/${one.flags}`, one])).values(),
];

it('searches by no expression for longer than its text is long, but for those that something bounds', () => {
  const slow = kindsOf(expressions.filter(({ source }) => !Object.hasOwn(bounded, source))).flatMap((one) => {
    const verdict = verdictOn(one);
    return verdict === 'linear' ? [] : [{ source: one.source, verdict }];
  });
  expect(slow).toEqual([]);
  // Those that are excused are still there.
  expect(Object.keys(bounded).filter((source) => !expressions.some((one) => one.source === source))).toEqual([]);
}, 600_000);

it('searches again and again by no expression that begins anew at each character', () => {
  const repeated = kindsOf(expressions.filter(({ repeats, source }) => repeats && !Object.hasOwn(bounded, source)));
  expect(repeated.flatMap(dearTexts)).toEqual([]);
}, 600_000);

it('needs no more than linear time for the texts of expressions that the checker does not know', () => {
  const squares = ['\\/+$', '\\{\\{|\\}\\}|\\[\\[|\\]\\]|\\{[^}]*\\}|[{}[\\]]|[^{}[\\]]+'];
  const unknown = Object.keys(bounded).filter((source) => !squares.includes(source));
  expect(unknown.flatMap((source) => dearTexts({ source, flags: '' }))).toEqual([]);
}, 600_000);

it('makes no expression from the definition of a scheme that takes longer', async () => {
  const made: Array<Written & { readonly by: string }> = [];
  const Native = RegExp;
  vi.stubGlobal(
    'RegExp',
    class extends Native {
      constructor(source: string | RegExp, flags?: string) {
        super(source, flags);
        const caller = (new Error().stack ?? '').split('\n').find((line) => line.includes('/src/')) ?? '';
        const by = makers.find((path) => caller.includes(`/${path}:`));
        if (by !== undefined) made.push({ source: this.source, flags: this.flags, by });
      }
    },
  );
  const { defineScheme, ...others } = await import('../../src/schemes.ts');
  const definitions = Object.values(others).filter(
    (one): one is SchemeDefinition => typeof one === 'object' && 'stringToSign' in one,
  );
  expect(definitions.length).toBeGreaterThan(3);
  for (const definition of definitions) defineScheme(definition);
  defineScheme({
    name: 'in-a-query',
    signature: 'base64',
    nonce: 'uuid',
    timestamp: { pattern: '{YYYY}-{MM}-{DD}T{HH}:{mm}:{ss}Z' },
    stringToSign: '{method}\n{target}\n{host}\n{timestamp}\n{nonce}\n{accessKey}\n{body|sha256|hex}',
    headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}' },
    query: { signature: '{signature|rfc3986}' },
  });
  expect([...new Set(made.map(({ by }) => by))].sort()).toEqual([...makers].sort());
  expect(kindsOf(made).filter((one) => verdictOn(one) !== 'linear')).toEqual([]);
}, 600_000);

afterAll(() => {
  vi.unstubAllGlobals();
});

it('sees expressions wherever they stand, those that take the square of a length, and those that begin anew', () => {
  const text = 'const a = /[ \\t]*,/;\nf(b.split(/x+y/), c.replace(/"[^"]*"|"/g, ""));\n';
  const found = expressionsIn('x.ts', text);
  expect(found.map(({ source, repeats }) => [source, repeats])).toEqual([
    ['[ \\t]*,', false],
    ['x+y', true],
    ['"[^"]*"|"', true],
  ]);
  expect(found.map(verdictOn)).toEqual(['2nd degree polynomial', '2nd degree polynomial', 'linear']);
  expect(found.map((one) => dearTexts(one).length > 0)).toEqual([true, true, false]);
  // Each search is linear, and all of them together are not.
  const anew = { source: 'b[^b]*c|b|a[^c]*c|a', flags: 'g' };
  expect(dearTexts(anew)).not.toEqual([]);
}, 60_000);
