/** A value, or a promise of that value. */
export type Awaitable<Value> = Value | Promise<Value>;

/** True for promises and other thenables. Awaiting a plain value would cost more than most signing steps. */
export const isPromise = <Value>(value: Awaitable<Value>): value is Promise<Value> =>
  typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';

/** Calls `next` with the value: immediately for a plain value, otherwise when the promise resolves. */
export const chain = <Value, Next>(
  value: Awaitable<Value>,
  next: (value: Value) => Awaitable<Next>,
): Awaitable<Next> => (isPromise(value) ? value.then(next) : next(value));
