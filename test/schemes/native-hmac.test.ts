import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hmacSha256 } from '../../src/core/signing-key.ts';
import { nativeHmacSha256 } from '../../src/schemes/native-hmac.ts';

const bytes = (length: number, seed = 7) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);

describe('an HMAC by the hash of Node', () => {
  it.each([1, 16, 63, 64, 65, 200])('is that of RFC 2104 with a key of %i bytes', (length) => {
    const secret = bytes(length);
    const key = nativeHmacSha256(secret);
    for (const size of [4096, 0, 1, 55, 64, 4097, 9000, 3]) {
      const data = bytes(size, length);
      const expected = new Uint8Array(createHmac('sha256', secret).update(data).digest());
      expect(key.sign(data)).toEqual(expected);
      expect(hmacSha256(secret).sign(data)).toEqual(expected);
      expect(key.verify(data, expected)).toBe(true);
      expect(
        key.verify(
          data,
          expected.map((byte, i) => byte ^ (i === 31 ? 1 : 0)),
        ),
      ).toBe(false);
      expect(key.verify(data, expected.subarray(0, 31))).toBe(false);
    }
  });

  it('takes the UTF-8 bytes of a text, and returns bytes of its own for each message', () => {
    const key = nativeHmacSha256('clé secrète');
    const first = key.sign(bytes(10)) as Uint8Array;
    const copy = Uint8Array.from(first);
    key.sign(bytes(20));
    expect(first).toEqual(copy);
    expect(first).toEqual(hmacSha256('clé secrète').sign(bytes(10)));
  });

  it('leaves a CryptoKey to WebCrypto', async () => {
    const secret = bytes(32);
    const platform = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    expect(await nativeHmacSha256(platform).sign(bytes(5))).toEqual(hmacSha256(secret).sign(bytes(5)));
  });
});
