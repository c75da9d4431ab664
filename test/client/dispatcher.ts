type Dispatcher = { dispatch(...given: unknown[]): boolean };

/** Node's own dispatcher, the only one that its fetch surely works with, counting what goes through it. */
export function countingDispatcher(): Dispatcher & { readonly dispatched: () => number } {
  const own = (globalThis as Record<symbol, unknown>)[Symbol.for('undici.globalDispatcher.1')] as Dispatcher;
  let count = 0;
  return Object.assign(Object.create(own), {
    dispatch(...given: unknown[]) {
      count++;
      return own.dispatch(...given);
    },
    dispatched: () => count,
  });
}
