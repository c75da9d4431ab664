import { createSigner, generateCredentials } from 'countersign';
import type { KeySecret } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, type Parts, rig, signedParts } from './rig.ts';

const second = 'the second secret of the key, long enough';

describe('the time in which a key is valid', () => {
  it.each([
    ['expires now', { expiresAt: noon }, 'expired_key'],
    ['expires a millisecond later', { expiresAt: noon + 1 }, 'ok'],
    ['begins now', { notBefore: noon }, 'ok'],
    ['begins a millisecond later', { notBefore: noon + 1 }, 'inactive_key'],
    ['ends at NaN', { expiresAt: Number.NaN }, 'expired_key'],
    ['begins at NaN', { notBefore: Number.NaN }, 'inactive_key'],
  ])('%s', async (_, record, code) => {
    const { accessKey, secret } = generateCredentials();
    const keys = { find: () => ({ accessKey, service: 'shop', secrets: [{ secret }], ...record }) };
    const { verifier } = rig({ keys });
    const signer = createSigner({ accessKey, secret, clock: () => noon });
    expect(await judge(verifier, signedParts(signer))).toBe(code);
  });
});

describe('the time in which a secret verifies', () => {
  it.each<[string, Pick<KeySecret, 'notBefore' | 'expiresAt'>, string]>([
    ['ends now', { expiresAt: noon }, 'retired_secret'],
    ['ends a millisecond later', { expiresAt: noon + 1 }, 'ok'],
    ['begins now', { notBefore: noon }, 'ok'],
    ['begins a millisecond later', { notBefore: noon + 1 }, 'signature_mismatch'],
    ['ends at NaN', { expiresAt: Number.NaN }, 'retired_secret'],
    ['begins at NaN', { notBefore: Number.NaN }, 'signature_mismatch'],
  ])('%s', async (_, validity, code) => {
    const { verifier, accessKey } = rig({ record: { secrets: [{ secret: second, ...validity }] } });
    const signer = createSigner({ accessKey, secret: second, clock: () => noon });
    expect(await judge(verifier, signedParts(signer))).toBe(code);
  });
});

describe('while a secret is being changed', () => {
  const first = generateCredentials();
  const secrets: KeySecret[] = [
    { secret: first.secret, expiresAt: noon + 60_000 },
    { secret: second, notBefore: noon - 60_000 },
  ];
  const world = () => rig({ record: { accessKey: first.accessKey, secrets } });
  const signerOf = (secret: string, clock: () => number) => createSigner({ accessKey: first.accessKey, secret, clock });

  it.each([
    [-60_001, 'ok', 'signature_mismatch'],
    [-60_000, 'ok', 'ok'],
    [0, 'ok', 'ok'],
    [59_999, 'ok', 'ok'],
    [60_000, 'retired_secret', 'ok'],
  ])('at %i ms the old one is %s, the new one %s', async (offset, old, next) => {
    const { verifier, time } = world();
    time.now = noon + offset;
    const clock = () => time.now;
    expect(await judge(verifier, signedParts(signerOf(first.secret, clock)))).toBe(old);
    expect(await judge(verifier, signedParts(signerOf(second, clock)))).toBe(next);
  });

  it('a caller may send the signatures of both, and one is enough', async () => {
    const { verifier, time } = world();
    const clock = () => time.now;
    const nonce = () => 'one-nonce-for-both-signatures';
    const both = (separator: string): Parts => {
      const parts = signedParts(createSigner({ accessKey: first.accessKey, secret: second, clock, nonce }));
      const other = signedParts(
        createSigner({ accessKey: first.accessKey, secret: 'unknown to the server', clock, nonce }),
      );
      const signature = [other, parts].map(({ headers }) => headers['x-api-signature']).join(separator);
      return { ...parts, headers: { ...parts.headers, 'x-api-signature': signature } };
    };
    expect(await judge(verifier, both(', '))).toBe('ok');
    expect(await judge(verifier, both(','))).toBe('replayed_request');
    expect(await judge(verifier, both(' , '))).toBe('malformed_field');
    expect(await judge(verifier, both('; '))).toBe('malformed_field');
  });

  it('more than four signatures are refused, before a MAC is computed for any', async () => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer);
    const good = parts.headers['x-api-signature'] ?? '';
    const many = (count: number): Parts => ({
      ...parts,
      headers: { ...parts.headers, 'x-api-signature': Array.from({ length: count }, () => good).join(', ') },
    });
    expect(await judge(verifier, many(5))).toBe('malformed_field');
    expect(await judge(verifier, many(4))).toBe('ok');
  });
});
