/** Drops what was put in first, until no more than `capacity` is left. */
export function dropOldest<Key>(map: Map<Key, unknown>, capacity: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= capacity) break;
    map.delete(oldest);
  }
}
