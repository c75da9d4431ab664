import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStrings, formatComparison } from '../../src/cli/compare-strings.ts';

const expected = 'first\nkey\n\nlast';
const compare = (own: string, wanted: string | undefined = expected) => compareStrings(Buffer.from(own), wanted);

describe('compares two strings to sign', () => {
  it('that are the same', () => {
    expect(compare(expected)).toEqual({ same: true, lines: [], notes: [] });
    expect(formatComparison(compare(expected))).toContain('is the expected one: the secret differs');
  });

  it('that differ in lines', () => {
    const { lines, notes } = compare('first\nKey \n\nlast');
    expect(lines).toEqual([{ line: 2, own: 'Key ', expected: 'key' }]);
    expect(notes).toEqual([]);
    expect(formatComparison(compare('first\nKey \n\nlast'))).toBe('Your string to sign\n   2 - Key·\n   2 + key');
  });

  it.each<[string, string, object[]]>([
    ['a line is missing', 'first\n\nlast', [{ line: 2, expected: 'key' }]],
    ['an empty line is missing', 'first\nkey\nlast', [{ line: 3, expected: '' }]],
    ['a line is added', 'first\nkey\nmore\n\nlast', [{ line: 3, own: 'more' }]],
    [
      'a line is split',
      'first\nk\ney\n\nlast',
      [
        { line: 2, own: 'k' },
        { line: 3, own: 'ey' },
        { line: 2, expected: 'key' },
      ],
    ],
    [
      'nothing is left',
      '',
      [{ line: 1, own: '' }, ...expected.split('\n').map((line, place) => ({ line: place + 1, expected: line }))],
    ],
  ])('of which %s', (_, own, lines) => {
    expect(compare(own).lines).toEqual(lines);
  });

  it.each([
    ['a line break at the end', `${expected}\n`, 'ends with a line break more'],
    ['CRLF', expected.replace(/\n/g, '\r\n'), 'CRLF'],
    ['a byte order mark', `\ufeff${expected}`, 'byte order mark'],
    ['literal line breaks', expected.replace(/\n/g, '\\n'), 'a backslash and an n'],
  ])('of which one has %s', (_, own, says) => {
    const compared = compare(own);
    expect(compared).toMatchObject({ same: false, lines: [], notes: [expect.stringContaining(says)] });
    expect(formatComparison(compared)).toContain('All lines are as expected.');
  });

  it('that end with empty lines', () => {
    expect(compare('a\n\n\n', 'a\n\n')).toMatchObject({
      lines: [],
      notes: [expect.stringContaining('line break more')],
    });
    expect(compare('a', 'a\n\n')).toMatchObject({
      lines: [
        { line: 2, expected: '' },
        { line: 3, expected: '' },
      ],
      notes: [],
    });
  });

  it('of which the expected one is not known', () => {
    const compared = compareStrings(Buffer.from('x'), undefined);
    expect(compared.same).toBe(false);
    expect(formatComparison(compared)).toContain('There is no string to sign to compare with');
    expect(formatComparison(compared)).not.toContain('as expected');
  });

  it('and shows control characters by name', () => {
    expect(formatComparison(compare('first\nk\u001b[31mey\n\nlast'))).toContain('   2 - k␛[31mey');
  });

  it('and finds every difference, and none where there is none', () => {
    const line = fc.stringMatching(/^[a-c]{0,3}$/);
    const text = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (own, wanted) => {
        const { same, lines, notes } = compare(own, wanted);
        expect(same).toBe(own === wanted);
        if (same) expect([lines, notes]).toEqual([[], []]);
        else expect(lines.length + notes.length).toBeGreaterThan(0);
      }),
    );
  });
});
