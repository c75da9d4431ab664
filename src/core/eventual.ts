/** A value that is there at once, or later. */
export type Eventual<Value> = Value | Promise<Value>;

/** Whether it has to be waited for, as anything that has a `then`. To wait for what is there costs more than most steps do. */
export const isPending = <Value>(value: Eventual<Value>): value is Promise<Value> =>
  (value as { readonly then?: unknown } | null | undefined)?.then !== undefined;

/** Goes on with a value: at once, where it is there. `failed` is told where it does not come, and of nothing else. */
export const whenThere = <Value, Next>(
  value: Eventual<Value>,
  next: (value: Value) => Eventual<Next>,
  failed?: (cause: unknown) => Eventual<Next>,
  // What a stranger's `then` returns need not be a promise, and would be taken for the result.
): Eventual<Next> => (isPending(value) ? Promise.resolve(value).then(next, failed) : next(value));

/** Does something with one after the other: at once, as long as nothing has to be waited for. */
export function inTurn<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Eventual<Result>,
): Eventual<readonly Result[]> {
  // Of that length: an array that grows is made for sixteen, and most have one.
  const results = new Array<Result>(items.length);
  for (const [i, item] of items.entries()) {
    const result = act(item);
    if (isPending(result)) return fromThere(i, result, { results, items, act });
    results[i] = result;
  }
  return results;
}

type Turns<Item, Result> = {
  readonly results: Result[];
  readonly items: readonly Item[];
  readonly act: (item: Item) => Eventual<Result>;
};

async function fromThere<Item, Result>(
  from: number,
  pending: Promise<Result>,
  { results, items, act }: Turns<Item, Result>,
): Promise<readonly Result[]> {
  results[from] = await pending;
  for (let i = from + 1; i < items.length; i++) results[i] = await act(items[i] as Item);
  return results;
}
