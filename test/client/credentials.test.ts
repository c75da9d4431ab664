import { createSigner, generateCredentials, SignatureError } from 'countersign';
import { memoryKeys } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const refused = (make: () => unknown): boolean => {
  try {
    make();
    return false;
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'invalid_credentials') return true;
    throw error;
  }
};
const signerOf = (accessKey: string, secret: string) => () => createSigner({ accessKey, secret });
const recordOf = (accessKey: string, secret: string) => () =>
  memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);

describe('generateCredentials', () => {
  it('makes texts that secret scanners can look for', () => {
    const { accessKey, secret } = generateCredentials();
    expect(accessKey).toMatch(/^csign_ak_live_[\da-f]{40}$/);
    expect(secret).toMatch(/^csign_sk_live_[\da-f]{72}$/);
  });

  it('makes them for an environment', () => {
    const { accessKey, secret } = generateCredentials({ environment: 'test2' });
    expect(accessKey).toMatch(/^csign_ak_test2_/);
    expect(secret).toMatch(/^csign_sk_test2_/);
    expect(refused(signerOf(accessKey, secret))).toBe(false);
  });

  it.each(['', 'Live', 'live_', 'a b', 'a'.repeat(17), 'ü', 'a\n'])('refuses the environment %j', (environment) => {
    expect(() => generateCredentials({ environment })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('never makes the same twice', () => {
    const all = Array.from({ length: 500 }, () => generateCredentials());
    expect(new Set(all.map(({ accessKey }) => accessKey)).size).toBe(500);
    expect(new Set(all.map(({ secret }) => secret)).size).toBe(500);
  });
});

describe('a damaged paste', () => {
  const { accessKey, secret } = generateCredentials();

  it('is none as it was made', () => {
    expect(refused(signerOf(accessKey, secret))).toBe(false);
    expect(refused(recordOf(accessKey, secret))).toBe(false);
  });

  it('with any one character changed is told', () => {
    const characters = '0123456789abcdefX_';
    for (const [whole, make] of [
      [secret, (text: string) => signerOf(accessKey, text)],
      [accessKey, (text: string) => signerOf(text, secret)],
    ] as const) {
      // Before "_" there is no prefix left to know it by, but for the kind of key.
      for (let i = 6; i < whole.length; i++) {
        for (const character of characters) {
          const damaged = whole.slice(0, i) + character + whole.slice(i + 1);
          if (damaged !== whole) expect(refused(make(damaged)), damaged).toBe(true);
        }
      }
    }
  });

  it('cut short at any place is told', () => {
    for (let length = 6; length < secret.length; length++) {
      expect(refused(signerOf(accessKey, secret.slice(0, length)))).toBe(true);
      expect(refused(recordOf(accessKey, secret.slice(0, length)))).toBe(true);
    }
    for (let length = 6; length < accessKey.length; length++) {
      expect(refused(signerOf(accessKey.slice(0, length), secret))).toBe(true);
    }
  });

  it('with its halves or two of its characters swapped is told', () => {
    const random = secret.slice(14);
    const half = random.length / 2;
    expect(refused(signerOf(accessKey, `csign_sk_live_${random.slice(half)}${random.slice(0, half)}`))).toBe(true);
    for (let i = 14; i + 1 < secret.length; i++) {
      const swapped = secret.slice(0, i) + secret[i + 1] + secret[i] + secret.slice(i + 2);
      if (swapped !== secret) expect(refused(signerOf(accessKey, swapped))).toBe(true);
    }
  });

  it.each([' ', '\n', '\r\n', '"', '\ufeff', 'a'])('with %j around it is told', (more) => {
    expect(refused(signerOf(accessKey, secret + more))).toBe(true);
    expect(refused(signerOf(accessKey + more, secret))).toBe(true);
  });

  it('of a secret for an access key, or the other way round, is told', () => {
    expect(refused(signerOf(secret, secret))).toBe(true);
    expect(refused(signerOf(accessKey, accessKey))).toBe(true);
    expect(refused(signerOf(secret, accessKey))).toBe(true);
  });

  it('made of any other text with a prefix of ours is told', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 16, maxLength: 120 }), (text) => {
        expect(refused(signerOf(accessKey, `csign_sk_live_${text}`))).toBe(true);
      }),
    );
  });
});

it('takes secrets that others have made, byte for byte', () => {
  for (const secret of [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'sixteen bytes!!!',
    'ü'.repeat(8),
    'a'.repeat(1000),
  ]) {
    expect(refused(signerOf('partner-1', secret))).toBe(false);
  }
});
