import { describe, expect, it } from 'vitest';
import { type Eventual, inTurn, isPending, whenThere } from '../../src/core/eventual.ts';

const later = <Value>(value: Value): Promise<Value> => new Promise((resolve) => setTimeout(resolve, 1, value));
/** As a query builder's, whose `then` returns nothing. */
const thenable = <Value>(value: Value): Promise<Value> =>
  // biome-ignore lint/suspicious/noThenProperty: it is what such builders have
  ({ then: (resolve: (value: Value) => void) => void setTimeout(resolve, 1, value) }) as unknown as Promise<Value>;

describe('going on with a value', () => {
  it('happens at once where it is there', () => {
    expect(whenThere(1, (one) => one + 1)).toBe(2);
  });

  it.each([later, thenable])('waits where it is to come', async (make) => {
    const next = whenThere(make(1), (one) => one + 1);
    expect(next).toBeInstanceOf(Promise);
    expect(await next).toBe(2);
  });

  it('tells a failure of the value to whom it concerns, and leaves that of what comes next', async () => {
    const told: unknown[] = [];
    const failed = (cause: unknown) => told.push(cause);
    const thrown = () => {
      throw new Error('next');
    };
    await whenThere(Promise.reject(new Error('value')), () => 0, failed);
    await expect(whenThere(later(1), thrown, failed)).rejects.toThrow('next');
    expect(told).toEqual([new Error('value')]);
  });
});

describe('doing something in turn', () => {
  const done = (values: readonly Eventual<number>[], order: number[] = []) =>
    inTurn(values, (value) => whenThere(value, (one) => order.push(one) && one * 10));

  it('needs no promise where nothing takes time', () => {
    expect(done([1, 2, 3])).toEqual([10, 20, 30]);
    expect(done([])).toEqual([]);
  });

  it.each([[[later(1), 2, 3]], [[1, later(2), 3]], [[1, thenable(2), later(3)]]])(
    'keeps the order, and every result',
    async (values) => {
      const order: number[] = [];
      const results = done(values, order);
      expect(isPending(results)).toBe(true);
      expect(await results).toEqual([10, 20, 30]);
      expect(order).toEqual([1, 2, 3]);
    },
  );

  it('begins nothing before what comes first is done, and nothing after a failure', async () => {
    const begun: number[] = [];
    const act = async (one: number) => {
      begun.push(one);
      await later(one);
      expect(begun).toEqual([1, 2].slice(0, one));
      if (one === 2) throw new Error('two');
    };
    await expect(inTurn([1, 2, 3], act)).rejects.toThrow('two');
    expect(begun).toEqual([1, 2]);
  });
});
