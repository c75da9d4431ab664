import { describe, expect, it } from 'vitest';
import { fieldNamePattern, retirementField, retirementValue, signableNames } from '../../src/core/field-names.ts';
import { fieldValue, refuseRepeated, toMessage, upperCaseMethod } from '../../src/core/message.ts';
import { mayBeUnsigned, presentIn, requestModifiers, responseModifiers } from '../../src/core/modifying-headers.ts';

const view = (value: string | null) => ({ get: () => value });

describe('a message', () => {
  it('has the method in upper case, the parts of the address and the headers', () => {
    const headers = new Headers();
    expect(toMessage({ method: 'm-search', url: 'https://a.example/b' }, headers)).toEqual({
      method: 'M-SEARCH',
      headers,
      scheme: 'https',
      authority: 'a.example',
      target: '/b',
      rawTarget: '/b',
    });
  });

  it.each(['', 'A B', 'A\n', 'G\u00e9T', 'A'.repeat(65), 'A/B'])('has no method %j', (method) => {
    expect(() => upperCaseMethod(method)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: 'method must be a token (RFC 9110).' }),
    );
  });

  it('has a method of 64 characters', () => {
    expect(upperCaseMethod("a!#$%&'*+.^_`|~-")).toBe("A!#$%&'*+.^_`|~-");
    expect(upperCaseMethod('a'.repeat(64))).toBe('A'.repeat(64));
  });
});

describe('a field value', () => {
  it.each([
    [null, undefined],
    ['', ''],
    [' \ta b\t ', 'a b'],
    ['~', '~'],
  ])('of %j is %j', (value, expected) => {
    expect(fieldValue(view(value), 'x-a')).toBe(expected);
  });

  it.each(['\u00e9', '\u00a0a', 'a\n', 'a\u0000', 'a\u007f', '\ufeff'])('of %j is refused', (value) => {
    expect(() => fieldValue(view(value), 'x-a')).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: 'The header x-a must be ASCII to be signed.' }),
    );
  });
});

describe('a repeated field', () => {
  it('is refused where its lines are known, by its name in lower case', () => {
    const lines = (name: string) => (name === 'x-a' ? ['1', '1'] : ['1']);
    expect(() => refuseRepeated({ ...view('1'), lines }, 'X-A')).toThrow(
      expect.objectContaining({ code: 'malformed_field', message: 'X-A is repeated.' }),
    );
    expect(() => refuseRepeated({ ...view('1'), lines }, 'X-B')).not.toThrow();
    expect(() => refuseRepeated(view('1, 1'), 'X-A')).not.toThrow();
  });
});

describe('the names of additional headers', () => {
  it('are sorted, in lower case, each once', () => {
    expect(signableNames(['X-B', 'x-a', 'x-b'], () => true)).toEqual(['x-a', 'x-b']);
  });

  it('are refused by name', () => {
    expect(() => signableNames(['x-a', 'Host'], (name) => name !== 'host')).toThrow(
      expect.objectContaining({
        code: 'invalid_configuration',
        message: 'The header host cannot be signed, or is already.',
      }),
    );
  });

  it.each(['', 'A', 'a b', 'a:', '\u00e9', 'a'.repeat(129), 'a\n'])('are not %j', (name) => {
    expect(fieldNamePattern.test(name)).toBe(false);
  });

  it.each(["a0!#$%&'*+.^_`|~-", 'a'.repeat(128)])('may be %s', (name) => {
    expect(fieldNamePattern.test(name)).toBe(true);
  });
});

describe('the header that announces a retirement', () => {
  it('has whole seconds', () => {
    expect(retirementField).toBe('X-API-Secret-Retires');
    expect(retirementValue(1767225600_999)).toBe('1767225600');
  });
});

describe('modifiers', () => {
  it('are found where they are present, empty ones too', () => {
    const headers = new Headers({ Range: 'bytes=0-1', 'If-Match': '', 'X-A': '1', Location: '/b' });
    expect(presentIn(headers, requestModifiers)).toEqual(['if-match', 'range']);
    expect(presentIn(headers, responseModifiers)).toEqual(['location']);
  });

  it.each([
    ['GET', 'if-none-match', true],
    ['HEAD', 'if-modified-since', true],
    ['POST', 'if-none-match', false],
    ['GETS', 'if-none-match', false],
    ['GET', 'if-match', false],
    ['GET', 'x-if-none-match', false],
    ['GET', 'if-none-match-x', false],
  ])('of %s, %s may be unsigned: %s', (method, name, expected) => {
    expect(mayBeUnsigned({ method }, name)).toBe(expected);
  });

  it('are in the order in which they are signed', () => {
    for (const names of [requestModifiers, responseModifiers]) expect(names).toEqual([...names].sort());
  });
});
