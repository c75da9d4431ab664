import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  base64,
  base64url,
  bytesToSign,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  hex,
  urlSafe,
} from '../../src/core/encoding.ts';

const bytes = fc.uint8Array({ maxLength: 70 });
const copied = (from: Uint8Array) => Uint8Array.from(from);

describe('hex and base64', () => {
  it('are those of Node.js, both ways', () => {
    fc.assert(
      fc.property(bytes, (one) => {
        const own = Buffer.from(one);
        expect(hex(one)).toBe(own.toString('hex'));
        expect(base64(one)).toBe(own.toString('base64'));
        expect(base64url(one)).toBe(own.toString('base64url'));
        expect(urlSafe(own.toString('base64'))).toBe(own.toString('base64url'));
        expect(decodeHex(own.toString('hex'))).toEqual(one);
        expect(decodeBase64(own.toString('base64'))).toEqual(one);
        expect(decodeBase64(own.toString('base64url'))).toEqual(one);
      }),
    );
  });

  it('cover every byte and both alphabets', () => {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(decodeHex(hex(every))).toEqual(every);
    expect(base64url(Uint8Array.of(251, 255, 191, 255))).toBe('-_-__w');
    expect(decodeBase64('-_-__w')).toEqual(Uint8Array.of(251, 255, 191, 255));
  });
});

describe('UTF-8', () => {
  it('keeps a byte order mark', () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});

describe('the bytes to sign', () => {
  it('are those of the text, and given bytes as they are', () => {
    const given = Uint8Array.of(1, 2, 3);
    expect(bytesToSign(given)).toBe(given);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1500 }), (text) => {
        expect(copied(bytesToSign(text))).toEqual(copied(Buffer.from(text)));
      }),
    );
  });

  it.each([1364, 1365, 1366])('are whole for %i characters of three bytes each', (length) => {
    const text = '\u20ac'.repeat(length);
    for (let time = 0; time < 9; time += 1) expect(bytesToSign(text).length).toBe(length * 3);
  });

  it('are whole where the shared buffer has room for a little less', async () => {
    vi.resetModules();
    const { bytesToSign: made } = await import('../../src/core/encoding.ts');
    for (let time = 0; time < 12; time += 1) made('a'.repeat(1024)); // 4096 of 16384 bytes are left
    expect(made('\u20ac'.repeat(1366)).length).toBe(4098);
  });

  it('stay what they were when others are encoded', () => {
    const texts = Array.from({ length: 200 }, (_, place) => `${place}`.repeat(200));
    const encoded = texts.map(bytesToSign);
    expect(encoded.map(decodeUtf8)).toEqual(texts);
  });

  it('share a buffer: few short texts do not take one each', () => {
    const buffers = new Set(Array.from({ length: 100 }, (_, place) => bytesToSign(`text ${place}`).buffer));
    expect(buffers.size).toBeLessThan(3);
    expect(bytesToSign('a'.repeat(1365)).buffer.byteLength).toBe(16_384);
  });

  it('are made without encodeInto where a runtime lacks it', async () => {
    const { encodeInto } = TextEncoder.prototype;
    vi.resetModules();
    try {
      Object.assign(TextEncoder.prototype, { encodeInto: undefined });
      const { bytesToSign: made } = await import('../../src/core/encoding.ts');
      expect(copied(made('a\u20ac'))).toEqual(Uint8Array.of(97, 0xe2, 0x82, 0xac));
    } finally {
      Object.assign(TextEncoder.prototype, { encodeInto });
    }
  });
});
