import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { normaliseTarget, parseAddress, toHref } from '../../src/core/address.ts';
import { sha256OfBodySync } from '../../src/core/digest.ts';
import { bytesToSign, hex, utf8 } from '../../src/core/encoding.ts';
import { sha256OfReceived } from '../../src/server/verify/body.ts';

// Each shortcut spares work on common input; here it is held against the long way.

describe('hrefOf', () => {
  const piece = fc.constantFrom(
    ...['a', 'Z', '0', '.', '..', '-', '--', '_', '~', '%', '%2e', '%2E', '%41', '/', '//', '?', '#', '@', ':', ':443'],
    ...[
      "'",
      '"',
      '<',
      '|',
      '^',
      '`',
      '{',
      '\\',
      ' ',
      '\t',
      '\n',
      '\u0000',
      '\u007f',
      'ü',
      '\ud800',
      '&',
      '=',
      '+',
      ',',
    ],
    ...['xn--', 'xn--a', '1', '0x1', '127.1', 'com', '.com', '/.', '/..', '/%2e', '[', ']', ';', '*', '(', '!', '$'],
  );
  const url = fc
    .tuple(fc.constantFrom('https://', 'http://', 'HTTPS://', ''), fc.constantFrom('a.com', 'b-c.d.org', ''), piece)
    .chain(([scheme, host, next]) => fc.array(piece, { maxLength: 8 }).map((rest) => [scheme, host, next, ...rest]))
    .map((pieces) => pieces.join(''));
  const parsed = (text: string) => {
    try {
      const { authority, target } = parseAddress(new URL(text).href);
      return `${authority} ${target}`;
    } catch {
      return 'refused';
    }
  };
  const shortened = (text: string) => {
    try {
      const { authority, target } = parseAddress(toHref(text));
      return `${authority} ${target}`;
    } catch {
      return 'refused';
    }
  };

  it('leads to the address that the URL parser leads to', () => {
    fc.assert(
      fc.property(url, (text) => {
        expect(shortened(text)).toBe(parsed(text));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['https://a.com/b/../c', '/c'],
    ['https://a.com/b/%2e%2E/c', '/c'],
    ['https://a.com/.', '/'],
    ["https://a.com/?q='", '/?q=%27'],
    ['https://a.com/b\\c', '/b/c'],
    ['https://a.com', '/'],
    ['https://a.com?b', '/?b'],
    ['https://a.com/b\n', '/b'],
  ])('of %j leads to %j', (text, target) => {
    expect(parseAddress(toHref(text)).target).toBe(target);
  });

  it.each(['https://1.2/', 'https://a.com:443/', 'https://A.com/'])('parses %j', (text) => {
    expect(toHref(text)).not.toBe(text);
  });

  it('leaves a host in Punycode to the URL parser, of which some refuse what others take', () => {
    const outcome = (href: () => string): string => {
      try {
        return href();
      } catch {
        return 'refused';
      }
    };
    for (const host of ['https://xn--a.com/', 'https://xn--/', 'https://xn--nxasmq6b.com/']) {
      expect(outcome(() => toHref(host))).toBe(outcome(() => new URL(host).href));
    }
  });
});

describe('normaliseTarget', () => {
  // RFC 3986 section 6.2.2, character by character.
  const byRule = (code: number): string => {
    const character = String.fromCharCode(code);
    if (/[A-Za-z0-9._~-]/.test(character)) return character;
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  };

  it('puts every escape in its normal form, in whatever case it came', () => {
    for (let code = 0; code < 256; code++) {
      const digits = code.toString(16).padStart(2, '0');
      const [high = '', low = ''] = digits;
      const spellings = [digits, digits.toUpperCase(), high.toUpperCase() + low, high + low.toUpperCase()];
      for (const spelling of spellings) expect(normaliseTarget(`/%${spelling}`)).toBe(`/${byRule(code)}`);
    }
  });

  it('escapes every character that no URI may hold, and no other', () => {
    for (let code = 0; code < 0x800; code++) {
      const character = String.fromCharCode(code);
      if (character === '?' || character === '#') continue;
      const allowed = /[A-Za-z0-9._~:/[\]@!$&'()*+,;=-]/.test(character);
      const bytes = [...new TextEncoder().encode(character)].map(
        (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      );
      expect(normaliseTarget(`/${character}`)).toBe(allowed ? `/${character}` : `/${bytes.join('')}`);
    }
  });
});

describe('bytesToSign', () => {
  it('gives the bytes that utf8 gives, and leaves those it gave before alone', () => {
    const given: Array<readonly [string, Uint8Array]> = [];
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1500 }), (text) => {
        given.push([text, bytesToSign(text)]);
      }),
      { numRuns: 200 },
    );
    for (const length of [0, 1364, 1365, 1366, 4096, 20_000])
      given.push(['€'.repeat(length), bytesToSign('€'.repeat(length))]);
    for (const [text, bytes] of given) expect(Buffer.compare(bytes, utf8(text))).toBe(0);
  });
});

describe('sha256OfReceived', () => {
  const sizes = [0, 1, 55, 56, 63, 64, 65, 1000, 4095, 4096, 65_536, 262_144, 262_145];

  it.each(sizes)('gives the digest of %i bytes that JavaScript gives, wherever in memory they are', async (size) => {
    const room = new Uint8Array(size + 3).map((_, i) => (i * 7919) >>> 3);
    const bytes = room.subarray(3);
    const digest = await sha256OfReceived(bytes);
    expect(hex(digest)).toBe(hex(sha256OfBodySync(bytes)));
    expect(digest).toHaveLength(32);
  });

  it.each<[string, unknown]>([
    ['is none', undefined],
    ['is one without a hash', {}],
    ['is one that throws', { hash: () => expect.fail('not implemented') }],
    ['gives a text', { hash: () => 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }],
    ['gives another digest', { hash: () => new Uint8Array(32) }],
    ['gives nothing', { hash: () => undefined }],
  ])('does so where the crypto of Node %s', async (_, crypto) => {
    const runtime = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(crypto as never);
    vi.resetModules();
    const { sha256OfReceived: anywhere } = await import('../../src/server/verify/body.ts');
    const bytes = new TextEncoder().encode('body');
    const digest = anywhere(bytes);
    runtime.mockRestore();
    expect(hex(await digest)).toBe(hex(sha256OfBodySync(bytes)));
  });
});
