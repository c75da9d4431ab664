import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { equalInConstantTime } from '../../src/core/constant-time.ts';
import { utf8 } from '../../src/core/encoding.ts';
import { hmacSha256, type SigningKey } from '../../src/core/signing-key.ts';

const text = 'a secret of 16 bytes or more';
const data = utf8('what is signed');
const expected = new Uint8Array(createHmac('sha256', text).update(data).digest());
const importHmac = (hash: string) =>
  crypto.subtle.importKey('raw', utf8(text), { name: 'HMAC', hash }, false, ['sign', 'verify']);

describe('an HMAC-SHA256 key', () => {
  const keys: ReadonlyArray<readonly [string, () => Promise<SigningKey> | SigningKey]> = [
    ['text', () => hmacSha256(text)],
    ['bytes', () => hmacSha256(utf8(text))],
    ['a CryptoKey', async () => hmacSha256(await importHmac('SHA-256'))],
  ];
  it.each(keys)('of %s names its algorithm, signs and verifies', async (_, make) => {
    const key = await make();
    expect(key.algorithm).toBe('hmac-sha256');
    expect(await key.sign(data)).toEqual(expected);
    expect(await key.sign(data)).toEqual(expected);
    expect(await key.verify(data, expected)).toBe(true);
    expect(await key.verify(data, expected.subarray(0, 31))).toBe(false);
    expect(await key.verify(data.subarray(1), expected)).toBe(false);
  });

  it('is not made of another CryptoKey', async () => {
    const refusal = (name: string) =>
      expect.objectContaining({
        code: 'invalid_credentials',
        message: `The CryptoKey is for ${name}, not HMAC with SHA-256.`,
      });
    const sha512 = await importHmac('SHA-512');
    expect(() => hmacSha256(sha512)).toThrow(refusal('HMAC'));
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
    expect(() => hmacSha256(aes)).toThrow(refusal('AES-GCM'));
  });
});

describe('the comparison', () => {
  it.each([
    [[], [], true],
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [2, 2], false],
    [[1], [1, 0], false],
    [[1, 0], [1], false],
    [[0], [], false],
    [[], [0], false],
  ])('of %j and %j is %s', (one, other, same) => {
    expect(equalInConstantTime(Uint8Array.from(one), Uint8Array.from(other))).toBe(same);
  });
});
