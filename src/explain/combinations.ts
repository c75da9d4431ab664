/** How to combine items. */
export type Combining<Item> = {
  /** How many items a combination has: at least one. */
  readonly size: number;
  /** Returns the kind of an item: items of a kind exclude each other. */
  kindOf(item: Item): string;
};

/**
 * Yields the combinations of this many items of different kinds, the first items first. It makes nothing that it does not yield, so
 * that a budget that is asked for each combination bounds all of the work.
 */
export function combinations<Item>(
  items: readonly Item[],
  { size, kindOf }: Combining<Item>,
): Generator<readonly Item[]> {
  const kinds = new Map<string, Item[]>();
  for (const item of items) {
    const kind = kindOf(item);
    const same = kinds.get(kind);
    if (same) same.push(item);
    else kinds.set(kind, [item]);
  }
  return chooseFrom([...kinds.values()], size);
}

function* chooseFrom<Item>(kinds: ReadonlyArray<readonly Item[]>, size: number): Generator<readonly Item[]> {
  for (const [place, kind] of kinds.slice(0, Math.max(0, kinds.length - size + 1)).entries()) {
    const later = kinds.slice(place + 1);
    for (const one of kind) {
      if (size === 1) yield [one];
      else for (const others of chooseFrom(later, size - 1)) yield [one, ...others];
    }
  }
}
