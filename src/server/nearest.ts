/**
 * The known name that a misspelt one most likely means; undefined where none is near. Two edits may lie between the names, or one
 * where the given name has fewer than four characters.
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const allowed = given.length < 4 ? 1 : 2;
  const [best] = known
    .map((name) => ({ name, edits: editsBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= allowed)
    .sort((one, other) => one.edits - other.edits);
  return best?.name;
}

/** A sentence that offers the nearest name, with a blank before it; empty where none is near. */
export function didYouMean(given: string, known: readonly string[], shown = (name: string): string => name): string {
  const name = nearest(given, known);
  return name === undefined ? '' : ` Did you mean ${shown(name)}?`;
}

/** Characters to insert, remove, replace or swap with their neighbour: the optimal string alignment distance. */
function editsBetween(from: string, to: string): number {
  // Names that differ this much in length are never near, and what is given may be long.
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
