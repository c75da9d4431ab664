import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../../src/core/errors.ts';
import type { KeyRecord } from '../../../src/server/contracts.ts';
import { findKey, recordKeyUse, requireUsable } from '../../../src/server/verify/find-key.ts';
import { errorText } from './error-text.ts';

const record = (parts: Partial<KeyRecord> = {}): KeyRecord => ({
  accessKey: 'shop',
  service: 'shop',
  secrets: [{ secret: 'the secret of the shop' }],
  ...parts,
});

describe('a key', () => {
  it('is found at once where the store needs no time, and later where it does', async () => {
    const found = record();
    expect(findKey({ find: () => found }, 'shop')).toBe(found);
    expect(await findKey({ find: async () => found }, 'shop')).toBe(found);
  });

  it('is the one that was asked for, to the letter', async () => {
    expect(findKey({ find: () => record() }, 'SHOP')).toBeUndefined();
    expect(findKey({ find: () => undefined }, 'shop')).toBeUndefined();
  });

  const failures: readonly (readonly [string, () => KeyRecord | Promise<KeyRecord>])[] = [
    ['throws', () => expect.fail('down')],
    ['rejects', async () => expect.fail('down')],
  ];
  it.each(failures)('cannot be found in a store that %s', async (_, find) => {
    await expect((async () => findKey({ find }, 'shop'))()).rejects.toMatchObject({
      code: 'key_store_unavailable',
      status: 503,
      message: expect.stringContaining('The key store'),
    });
  });

  it('is refused with the reason that a store of this package gives, and no other', async () => {
    const precise = new SignatureError('key_store_unavailable', 'The master key is wrong.', 503);
    const other = new SignatureError('unknown_key', 'No such key.', 401);
    const failing = (cause: Error) => () =>
      findKey(
        {
          find: () => {
            throw cause;
          },
        },
        'shop',
      );
    expect(failing(precise)).toThrow(precise);
    expect(failing(other)).toThrow(expect.objectContaining({ code: 'key_store_unavailable' }));
  });

  it.each<[Partial<KeyRecord>, number, string]>([
    [{ revoked: true }, 5, 'revoked_key: The key has been revoked.'],
    [{ expiresAt: 10 }, 10, 'expired_key: The key has expired.'],
    [{ expiresAt: 10 }, 9, 'usable'],
    [{ notBefore: 10 }, 9, 'inactive_key: The key is not valid yet.'],
    [{ notBefore: 10 }, 10, 'usable'],
    [{}, 5, 'usable'],
  ])('with %o at %d', (parts, now, outcome) => {
    try {
      requireUsable(record(parts), now);
      expect(outcome).toBe('usable');
    } catch (error) {
      expect(errorText(error)).toBe(`401 ${outcome}`);
    }
  });

  it('that does not exist is named so', () => {
    expect(() => requireUsable(undefined, 0)).toThrow(
      expect.objectContaining({ code: 'unknown_key', status: 401, message: 'No key has this access key.' }),
    );
  });
});

describe('the use of a key', () => {
  const minute = 60_000;
  const usesOf = (found: KeyRecord, times: readonly number[]): readonly number[] => {
    const touched: number[] = [];
    const touch = (accessKey: string, at: number) => void touched.push(accessKey === 'shop' ? at : -1);
    for (const now of times) recordKeyUse({ find: () => found, touch }, found, now);
    return touched;
  };

  it('is reported at most once a minute', () => {
    expect(usesOf(record(), [minute, minute + 1, 2 * minute - 1, 2 * minute])).toEqual([minute, 2 * minute]);
  });

  it('is not reported where the store itself says that it was less than a minute ago', () => {
    const found = record({ lastUsedAt: 10 * minute });
    expect(usesOf(found, [11 * minute - 1, 11 * minute])).toEqual([11 * minute]);
  });

  it('may fail to be reported, and need not be', async () => {
    const failing = { find: () => undefined, touch: async () => expect.fail('down') };
    recordKeyUse(failing, record(), minute);
    recordKeyUse({ find: () => undefined }, record(), minute);
    await new Promise((resolve) => setTimeout(resolve));
  });
});
