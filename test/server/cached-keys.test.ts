import { cachedKeys, type KeyRecord } from 'countersign/server';
import { describe, expect, it } from 'vitest';

const record = (accessKey: string): KeyRecord => ({ accessKey, service: 'shop', secrets: [] });

/** A store that counts how often it is asked. */
function counted(has: (accessKey: string) => boolean = () => true) {
  const asked: string[] = [];
  const state = { now: 1_000_000, down: false };
  const store = {
    async find(accessKey: string) {
      asked.push(accessKey);
      if (state.down) throw new Error('down');
      return has(accessKey) ? record(accessKey) : undefined;
    },
  };
  return { asked, state, store, clock: () => state.now };
}

describe('cachedKeys', () => {
  it('asks once in a lifetime, to the millisecond, and hands out the same record', async () => {
    const { asked, state, store, clock } = counted();
    const keys = cachedKeys(store, { lifetime: 5, clock });
    const first = await keys.find('a');
    state.now += 4999;
    expect(await keys.find('a')).toBe(first);
    expect(asked).toEqual(['a']);
    state.now += 1;
    expect(await keys.find('a')).not.toBe(first);
    expect(asked).toEqual(['a', 'a']);
  });

  it('asks once for a thousand requests at the same time', async () => {
    const { asked, store, clock } = counted();
    const keys = cachedKeys(store, { clock });
    await Promise.all(Array.from({ length: 1000 }, () => keys.find('a')));
    expect(asked).toEqual(['a']);
  });

  it('keeps that a key does not exist, for as long', async () => {
    const { asked, state, store, clock } = counted(() => false);
    const keys = cachedKeys(store, { lifetime: 5, clock });
    expect(await keys.find('a')).toBeUndefined();
    expect(await keys.find('a')).toBeUndefined();
    expect(asked).toEqual(['a']);
    state.now += 5000;
    await keys.find('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('answers at once where it knows', async () => {
    const { store, clock } = counted((accessKey) => accessKey === 'a');
    const keys = cachedKeys(store, { clock });
    const record = await keys.find('a');
    await keys.find('b');
    expect(keys.find('a')).toBe(record);
    expect(keys.find('b')).toBeUndefined();
  });

  it('waits for a store that hangs so long and no longer, and asks it again', async () => {
    let hangs = true;
    const store = {
      find: (accessKey: string) => (hangs ? new Promise<never>(() => {}) : record(accessKey)),
    };
    const keys = cachedKeys(store, { timeout: 20 });
    await expect(keys.find('a')).rejects.toThrow('No response within 20 ms.');
    hangs = false;
    expect((await keys.find('a'))?.accessKey).toBe('a');
    expect(() => cachedKeys(store, { timeout: 0 })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('keeps no failure, and nothing older than its lifetime through one', async () => {
    const { asked, state, store, clock } = counted();
    const keys = cachedKeys(store, { lifetime: 5, clock });
    await keys.find('a');
    state.down = true;
    state.now += 5000;
    await expect(keys.find('a')).rejects.toThrow('down');
    await expect(keys.find('a')).rejects.toThrow('down');
    state.down = false;
    expect((await keys.find('a'))?.accessKey).toBe('a');
    expect(asked).toEqual(['a', 'a', 'a', 'a']);
  });

  it('is not filled by strangers: what does not exist pushes no key out', async () => {
    const { asked, store, clock } = counted((accessKey) => accessKey.startsWith('key'));
    const keys = cachedKeys(store, { capacity: 100, clock });
    for (let i = 0; i < 100; i += 1) await keys.find(`key-${i}`);
    for (let i = 0; i < 10_000; i += 1) await keys.find(`made-up-${i}`);
    const before = asked.length;
    for (let i = 0; i < 100; i += 1) await keys.find(`key-${i}`);
    expect(asked.length).toBe(before);
    // The first of those made up have gone.
    await keys.find('made-up-0');
    expect(asked.length).toBe(before + 1);
  });

  it('believes nothing once the clock has been set back', async () => {
    const { asked, state, store, clock } = counted();
    const keys = cachedKeys(store, { lifetime: 5, clock });
    await keys.find('a');
    state.now -= 60_000;
    await keys.find('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('passes on that a key was used, where the store wants to know', () => {
    const { store } = counted();
    const used: unknown[] = [];
    expect(cachedKeys(store).touch).toBeUndefined();
    cachedKeys({ ...store, touch: (...given) => void used.push(given) }).touch?.('a', 1);
    expect(used).toEqual([['a', 1]]);
  });

  it.each([{ lifetime: -1 }, { lifetime: Number.NaN }, { lifetime: Infinity }, { capacity: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => cachedKeys(counted().store, options)).toThrow(
        expect.objectContaining({ code: 'invalid_configuration' }),
      );
    },
  );
});
