import type { Effort } from './effort.ts';

/** How many values of one kind are varied: the request determines how many there are. */
export const mostValues = { hosts: 8, prefixes: 8, headers: 64, parameters: 32 } as const;

/**
 * Returns the first distinct values of a list whose length the request determines, and reads no further. If there are more, adds
 * `long-lists` to `leftOut`.
 */
export function takeFew(
  values: Iterable<string>,
  most: number,
  { leftOut }: Pick<Effort, 'leftOut'>,
): readonly string[] {
  const few = new Set<string>();
  for (const value of values) {
    if (few.has(value)) continue;
    if (few.size === most) {
      leftOut.add('long-lists');
      break;
    }
    few.add(value);
  }
  return [...few];
}
