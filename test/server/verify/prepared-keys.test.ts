import { describe, expect, it } from 'vitest';
import type { Scheme } from '../../../src/core/scheme.ts';
import { countersignV1 } from '../../../src/schemes/countersign-v1/scheme.ts';
import type { KeySecret } from '../../../src/server/contracts.ts';
import { isActive, prepareKeys, requireActive } from '../../../src/server/verify/prepared-keys.ts';

const countingScheme = (): { readonly scheme: Scheme; readonly made: unknown[] } => {
  const made: unknown[] = [];
  const createKey: Scheme['createKey'] = (secret, hmac) => {
    made.push(secret);
    return countersignV1.createKey(secret, hmac);
  };
  return { scheme: { ...countersignV1, createKey }, made };
};

describe('a prepared key', () => {
  it('is made once for an entry, also by another verifier with the scheme', () => {
    const { scheme, made } = countingScheme();
    const entry: KeySecret = { secret: 'the secret of the shop' };
    const key = prepareKeys(scheme).get(entry);
    expect(key?.algorithm).toBe('hmac-sha256');
    expect(prepareKeys(scheme).get(entry)).toBe(key);
    expect(prepareKeys(scheme).get({ ...entry })).not.toBe(key);
    expect(made).toHaveLength(2);
  });

  it('is made anew for an entry that has changed', () => {
    const { scheme, made } = countingScheme();
    const keys = prepareKeys(scheme);
    const entry = { secret: 'the secret of the shop' };
    const before = keys.get(entry);
    entry.secret = 'another secret of the shop';
    expect(keys.get(entry)).not.toBe(before);
    expect(made).toEqual(['the secret of the shop', 'another secret of the shop']);
  });

  const bytes = (...values: readonly number[]) => Uint8Array.from({ length: 16 }, (_, i) => values[i] ?? 7);
  it('is made anew for bytes that were overwritten in any place, and not for the same bytes', () => {
    const { scheme, made } = countingScheme();
    const keys = prepareKeys(scheme);
    const entry = { secret: bytes() };
    const first = keys.get(entry);
    expect(keys.get(entry)).toBe(first);
    entry.secret = bytes();
    expect(keys.get(entry)).toBe(first);
    entry.secret.set([9], 15);
    const second = keys.get(entry);
    expect(second).not.toBe(first);
    entry.secret.set([9], 0);
    expect(keys.get(entry)).not.toBe(second);
    // Longer and shorter ones that begin alike.
    entry.secret = bytes();
    const short = keys.get(entry);
    entry.secret = new Uint8Array(17).fill(7);
    expect(keys.get(entry)).not.toBe(short);
    entry.secret = bytes();
    keys.get(entry);
    expect(made).toHaveLength(6);
  });

  it('is made anew where text became bytes', () => {
    const { scheme, made } = countingScheme();
    const keys = prepareKeys(scheme);
    const entry: { secret: string | Uint8Array<ArrayBuffer> } = { secret: '7777777777777777' };
    keys.get(entry);
    entry.secret = new TextEncoder().encode('7777777777777777');
    keys.get(entry);
    entry.secret = '7777777777777777';
    keys.get(entry);
    expect(made).toHaveLength(3);
  });

  it('is none of another scheme', () => {
    const { scheme } = countingScheme();
    const keys = prepareKeys(scheme);
    expect(keys.get({ secret: 'the secret of the shop', scheme: 'hawk' })).toBeUndefined();
    expect(keys.get({ secret: 'the secret of the shop', scheme: 'countersign-v1' })).toBeDefined();
  });

  it('is none of a public key, where the scheme has shared secrets alone', async () => {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const { publicKey } = pair as { readonly publicKey: typeof CryptoKey.prototype };
    expect(prepareKeys(countingScheme().scheme).get({ publicKey })).toBeUndefined();
  });

  it('of a secret that is too short is an error', () => {
    expect(() => prepareKeys(countingScheme().scheme).get({ secret: 'short' })).toThrow(
      expect.objectContaining({ code: 'invalid_credentials' }),
    );
  });
});

describe('a secret', () => {
  const key = countersignV1.createKey('the secret of the shop');

  it('is active until it expires', () => {
    const secret = { secret: { secret: 'the secret of the shop', expiresAt: 10 }, key };
    expect([isActive(secret, 9), isActive(secret, 10)]).toEqual([true, false]);
    expect(isActive({ secret: { secret: 'the secret of the shop' }, key }, 1e15)).toBe(true);
    requireActive(secret, 9);
    expect(() => requireActive(secret, 10)).toThrow(
      expect.objectContaining({
        code: 'retired_secret',
        status: 401,
        message: 'The secret has been replaced: sign with the new one.',
      }),
    );
  });
});
