/**
 * The known name closest to a misspelt one; undefined if none is close. Up to two edits count as close, or one if the given
 * name has fewer than four characters.
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const allowed = given.length < 4 ? 1 : 2;
  const [best] = known
    .map((name) => ({ name, edits: editsBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .sort((one, other) => one.edits - other.edits);
  return best?.name;
}

/** A sentence that suggests the closest name, with a leading space; empty if no name is close. */
export function didYouMean(given: string, known: readonly string[], shown = (name: string): string => name): string {
  const name = nearest(given, known);
  return name === undefined ? '' : ` Did you mean ${shown(name)}?`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editsBetween(from: string, to: string): number {
  // Such names are never close, and the given name may be long.
  if (Math.abs(from.length - to.length) > 2) return Number.POSITIVE_INFINITY;
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(from.length, to.length);
}
