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
  const results: Result[] = [];
  for (const item of items) {
    const result = act(item);
    if (isPending(result)) return afterFirst(result, { results, items, act });
    results.push(result);
  }
  return results;
}

type Begun<Item, Result> = {
  readonly results: readonly Result[];
  readonly items: readonly Item[];
  readonly act: (item: Item) => Eventual<Result>;
};

async function afterFirst<Item, Result>(
  pending: Promise<Result>,
  { results, items, act }: Begun<Item, Result>,
): Promise<readonly Result[]> {
  const all = [...results, await pending];
  for (const item of items.slice(all.length)) all.push(await act(item));
  return all;
}
