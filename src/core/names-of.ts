/**
 * Returns the names of all values that can be read from an object: its own, and those that its classes define, such as getters.
 * Leaves out what every object inherits, such as `constructor`.
 */
export function namesOf(given: object): readonly string[] {
  const names = Object.getOwnPropertyNames(given);
  let parent = Object.getPrototypeOf(given);
  while (parent) {
    names.push(...Object.getOwnPropertyNames(parent).filter((name) => !(name in Object.prototype)));
    parent = Object.getPrototypeOf(parent);
  }
  return names;
}
