import { describe, expect, it } from 'vitest';
import { escapePercents, hasBarePercent, normaliseTarget, parseAddress, toHref } from '../../src/core/address.ts';

const refusal = expect.objectContaining({
  code: 'invalid_request',
  message: 'The URL must be of http or https, without user name.',
});

describe('an address', () => {
  it.each([
    ['https://api.example.com/a?b=1#c', 'https', 'api.example.com', '/a?b=1'],
    ['http://localhost:8080', 'http', 'localhost:8080', '/'],
    ['https://api.example.com?a', 'https', 'api.example.com', '/?a'],
    ['https://[::1]:8443/x', 'https', '[::1]:8443', '/x'],
  ])('%s has its parts', (href, scheme, authority, target) => {
    expect(parseAddress(href)).toEqual({ scheme, authority, target, rawTarget: target });
  });

  it.each([
    '/a',
    '',
    'ftp://a.example/',
    'https://',
    'https:///a',
    'https://user@a.example/',
    'https://user:secret@a.example/',
    'xhttps://a.example/',
    'blob:https://a.example/1',
    'data:text/plain,https://a.example/',
  ])('%s is refused', (href) => {
    expect(() => parseAddress(href)).toThrow(refusal);
  });
});

describe('a URL as the URL Standard serialises it', () => {
  it.each([
    'https://api.example.com/v1/orders?a=1&b=%20',
    'http://api.example.com/',
    'https://api.example.com',
    'https://a-b.example.com/a/',
    'https://api.example.com/..',
    'https://api.example.com/a/../b',
    'https://api.example.com/%2e%2e/b',
    'https://api.example.com/.a/b',
    'https://api.example.com:443/a',
    'http://api.example.com:80/a',
    'https://127.1/a',
    'https://a.0x7f/',
    'https://a.127/',
    'https://xn--a.example/',
    'https://API.example.com/a',
    'https://api.example.com/a b',
    'https://api.example.com/a\\b',
    'https://api.example.com/\u00e9',
    "https://api.example.com/a?it's",
    'https://api.example.com/a?"b"',
    'https://api.example.com/a#',
    'https://api.example.com/a#b c',
    '  https://api.example.com/a\n',
    'https://api.example.com/a\tb',
    'https://user@api.example.com/a',
    'https://a..example.com/',
    'https://api.example.com./a',
    'https:/api.example.com/a',
    'https://api.example.com/a|b^c`d{e}',
    'x-https://api.example.com/a b',
  ])('%j', (url) => {
    const parsed = () => new URL(url).href;
    let expected: string | undefined;
    try {
      expected = parsed();
    } catch {}
    const slash = (href: string) => (/^https?:\/\/[^/?#]+$/.test(href) ? `${href}/` : href);
    if (expected === undefined) expect(() => toHref(url)).toThrow(TypeError);
    else expect(slash(toHref(url))).toBe(expected);
  });

  it('takes a URL', () => {
    expect(toHref(new URL('https://api.example.com/a b'))).toBe('https://api.example.com/a%20b');
  });

  it('refuses what is no URL', () => {
    expect(() => toHref('/a')).toThrow(TypeError);
    expect(toHref(['https://api.example.com/a'] as unknown as string)).toBe('https://api.example.com/a');
  });
});

describe('the normal form of a target', () => {
  it.each([
    ['', '/'],
    ['?', '/'],
    ['?a', '/?a'],
    ['/a?', '/a'],
    ['/a??', '/a??'],
    ['/a?b?', '/a?b?'],
    ['a', '/a'],
    ['/%7Ea%2d%2E%5f%41%7a%30%39', '/~a-._Az09'],
    ['/%2f%3a%40%5b%60%7b%2c', '/%2F%3A%40%5B%60%7B%2C'],
    ['/%', '/%25'],
    ['/%%411', '/%25A1'],
    ['/%g1%1g', '/%25g1%251g'],
    ['/a b|"<>\\^`{}', '/a%20b%7C%22%3C%3E%5C%5E%60%7B%7D'],
    ["/!$&'()*+,;=:@-._~[]", "/!$&'()*+,;=:@-._~[]"],
    ['/\u00e9\u20ac\ud83d\ude00', '/%C3%A9%E2%82%AC%F0%9F%98%80'],
    ['/\ud800\udc00\udc00\ud800', '/%F0%90%80%80%EF%BF%BD%EF%BF%BD'],
    ['/\u007f\u0000', '/%7F%00'],
  ])('%j is %j', (raw, expected) => {
    expect(normaliseTarget(raw)).toBe(expected);
    expect(normaliseTarget(expected)).toBe(expected);
  });

  it('is that of each escaped byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const escaped = `%${byte.toString(16).padStart(2, '0')}`;
      const character = String.fromCharCode(byte);
      const expected = /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase();
      expect(normaliseTarget(`/${escaped}`)).toBe(`/${expected}`);
      expect(normaliseTarget(`/${escaped.toUpperCase()}`)).toBe(`/${expected}`);
    }
  });
});

describe('a % that begins no escape', () => {
  it.each([
    ['%', '%25'],
    ['/100%', '/100%25'],
    ['/%4', '/%254'],
    ['/%zz%4z%z4', '/%25zz%254z%25z4'],
    ['/%%41', '/%25%41'],
  ])('is found in %s, and escaped', (text, escaped) => {
    expect([hasBarePercent(text), escapePercents(text)]).toEqual([true, escaped]);
  });

  it.each(['', '/a', '/%41%4a%4A'])('is not in %s', (text) => {
    expect([hasBarePercent(text), escapePercents(text)]).toEqual([false, text]);
  });
});
