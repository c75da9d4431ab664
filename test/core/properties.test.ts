import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { equalInConstantTime } from '../../src/core/constant-time.ts';
import { contentDigest, sha256OfBody, sha256OfBodySync } from '../../src/core/digest.ts';
import { base64, hex, utf8 } from '../../src/core/encoding.ts';
import { fieldValue } from '../../src/core/message.ts';

const unreserved = /^[A-Za-z0-9._~-]$/;

describe('normaliseTarget', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 });
  // Few characters, so that meetings are common.
  const piece = fc.constantFrom('%', '%2', '%4', '%41', '%61', '%7e', '%7E', '%2f', '%2F', '%25', '%zz', 'A', 'a', '~');
  const tricky = fc.array(fc.oneof(piece, fc.constantFrom('/', '?', '4', '1', '"', 'é', '\ud83d', '\ude00')));
  const target = fc.oneof(
    anything,
    tricky.map((pieces) => pieces.join('')),
  );

  it('changes nothing that is normal', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const once = normaliseTarget(raw);
        expect(normaliseTarget(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives nothing that no URI may hold, and no escape of an unreserved character', () => {
    fc.assert(
      fc.property(target, (raw) => {
        const normal = normaliseTarget(raw);
        expect(normal).toMatch(/^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]-]|%[0-9A-F]{2})*$/);
        for (const [found] of normal.matchAll(/%../g)) expect(decodeByte(found)).not.toMatch(unreserved);
      }),
      { numRuns: 3000 },
    );
  });

  // What RFC 3986 says two well-formed targets have in common, worked out piece by piece.
  const wellFormed = fc
    .array(
      fc.constantFrom('/', '?', 'a', 'A', '%61', '%41', '~', '%7e', '%2F', '%2f', '+', '%2B', '%20', '%', '=', '.'),
    )
    .map((pieces) => `/${pieces.map((one) => (one === '%' ? '%25' : one)).join('')}`);
  const classOf = (raw: string): string => {
    const whole = raw.indexOf('?') === raw.length - 1 ? raw.slice(0, -1) : raw;
    return [...whole.matchAll(/%..|./g)]
      .map(([one]) => (one.length === 1 ? one : unreserved.test(decodeByte(one)) ? decodeByte(one) : one.toUpperCase()))
      .join(' ');
  };

  it('makes two targets the same where RFC 3986 section 6.2.2 does, and only there', () => {
    let met = 0;
    fc.assert(
      fc.property(wellFormed, wellFormed, (one, two) => {
        const same = classOf(one) === classOf(two);
        if (same && one !== two) met += 1;
        expect(normaliseTarget(one) === normaliseTarget(two)).toBe(same);
      }),
      { numRuns: 5000 },
    );
    expect(met).toBeGreaterThan(0);
  });

  it('does not see how an escape is spelled', () => {
    fc.assert(
      fc.property(wellFormed, fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }), (raw, choices) => {
        let i = 0;
        const respelled = raw.replace(/%..|[A-Za-z0-9._~-]/g, (one) => {
          if (!choices[i++ % 50]) return one;
          if (one.length > 1) return one.toLowerCase();
          return `%${one.charCodeAt(0).toString(16)}`;
        });
        expect(normaliseTarget(respelled)).toBe(normaliseTarget(raw));
      }),
    );
  });

  it('takes half a surrogate pair for U+FFFD, as the URL parser does', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(normaliseTarget(`/${text}`)).toBe(normaliseTarget(`/${text.toWellFormed()}`));
      }),
    );
  });

  const decodeByte = (found: string) => String.fromCharCode(Number.parseInt(found.slice(1), 16));
});

describe('encodings', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });

  it('are those of Buffer', () => {
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'binary' }), (given, text) => {
        expect(hex(given)).toBe(Buffer.from(given).toString('hex'));
        expect(base64(given)).toBe(Buffer.from(given).toString('base64'));
        expect(Buffer.compare(utf8(text), Buffer.from(text))).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('write every byte', () => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(hex(every)).toBe(Buffer.from(every).toString('hex'));
    expect(base64(every)).toBe(Buffer.from(every).toString('base64'));
  });
});

describe('equalInConstantTime', () => {
  const bytes = fc.uint8Array({ maxLength: 6, max: 2 });

  it('finds equal what has the same bytes, and nothing else', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        expect(equalInConstantTime(one, two)).toBe(Buffer.compare(one, two) === 0);
        expect(equalInConstantTime(one, one.slice())).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads both to the end, wherever they differ', () => {
    const first = Uint8Array.of(1, 2, 3, 4);
    const read: number[] = [];
    const watched = new Proxy(Uint8Array.of(9, 9, 9, 9), {
      get(bytes, name) {
        if (/^\d$/.test(String(name))) read.push(Number(name));
        return Reflect.get(bytes, name, bytes);
      },
    });
    expect(equalInConstantTime(first, watched)).toBe(false);
    expect(read).toEqual([0, 1, 2, 3]);
  });
});

describe('SHA-256 of a body', () => {
  afterEach(() => vi.unstubAllGlobals());
  const sizes = [0, 1, 55, 56, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 200_001];
  const bodyOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
  const expected = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');

  it.each(sizes)('of %i bytes is that of node:crypto, with WebCrypto', async (size) => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    expect(hex(await sha256OfBody(bodyOf(size)))).toBe(expected(bodyOf(size)));
    expect(digest).toHaveBeenCalledTimes(size < 4096 ? 0 : 1);
    digest.mockRestore();
  });

  it.each([
    ['without crypto.subtle, as on plain http', {}],
    ['without crypto', undefined],
  ])('is the same %s', async (_, stub) => {
    vi.stubGlobal('crypto', stub);
    for (const size of sizes) expect(hex(await sha256OfBody(bodyOf(size)))).toBe(expected(bodyOf(size)));
  });

  it('lets other work run between slices, where WebCrypto is missing', async () => {
    vi.stubGlobal('crypto', undefined);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    });
    await sha256OfBody(bodyOf(10 * 65536));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(1);
  });

  it('is the same at once, and of a part of a buffer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 9000 }), fc.nat(100), async (whole, start) => {
        const part = whole.subarray(start);
        expect(hex(sha256OfBodySync(part))).toBe(expected(part));
        expect(hex(await sha256OfBody(part))).toBe(expected(part));
        expect(contentDigest(sha256OfBodySync(part))).toBe(
          `sha-256=:${createHash('sha256').update(part).digest('base64')}:`,
        );
      }),
    );
  });
});

describe('fieldValue', () => {
  const character = fc.oneof(
    fc.constantFrom(' ', '\t', 'a', ':', ',', '\n', '\r', '\0', '\u007f', '\u00a0', '\u2028', '\ufeff', 'é'),
    fc.string({ minLength: 1, maxLength: 1 }),
  );
  const value = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''));
  const read = (text: string) => {
    try {
      return fieldValue({ get: () => text }, 'x-a');
    } catch (error) {
      return error;
    }
  };

  it('is the text without blanks at both ends, or refused: nothing else', () => {
    fc.assert(
      fc.property(value, (text) => {
        if (/[^\t\x20-\x7e]/.test(text)) expect(read(text)).toMatchObject({ code: 'invalid_request' });
        else expect(read(text)).toBe(text.replace(/^[ \t]*/, '').replace(/[ \t]*$/, ''));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells absent from empty', () => {
    expect(fieldValue(new Headers(), 'x-a')).toBeUndefined();
    expect(fieldValue(new Headers({ 'X-A': '' }), 'x-a')).toBe('');
  });
});
