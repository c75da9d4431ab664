/** What the runtimes name themselves, without underscores. A scheme may have a header `Value`. */
const ownNames = ['headervalue'];

/**
 * Names the functions of named templates in snake case, each differently. Names that differ in underscores only are the same in
 * camel case.
 */
export function uniqueNames(fields: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(ownNames);
  for (const field of fields) {
    const base = field
      .toLowerCase()
      .replace(/[^a-z\d]+/g, '_')
      .replace(/_$/, '');
    let name = base;
    for (let i = 2; taken.has(name.replaceAll('_', '')); i++) name = `${base}_${i}`;
    taken.add(name.replaceAll('_', ''));
    names.set(field, name);
  }
  return names;
}

/** Converts a name from snake case to Pascal case. */
export const toPascalCase = (name: string): string => toCamelCase(`_${name}`);

/** Converts a name from snake case to camel case. */
export const toCamelCase = (name: string): string => name.replace(/_([a-z\d])/g, (_, letter) => letter.toUpperCase());
