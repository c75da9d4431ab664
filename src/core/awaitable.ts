/** A value, or a promise of it. */
export type Awaitable<Value> = Value | Promise<Value>;

/** True for promises and other thenables. Awaiting a plain value would cost more than most steps of a signature. */
export const isPromise = <Value>(value: Awaitable<Value>): value is Promise<Value> =>
  typeof (value as { readonly then?: unknown } | undefined)?.then === 'function';

/** Calls `next` with the value: at once when it is there, else when the promise resolves. */
export const chain = <Value, Next>(
  value: Awaitable<Value>,
  next: (value: Value) => Awaitable<Next>,
): Awaitable<Next> => (isPromise(value) ? value.then(next) : next(value));
