/** The name and value of a field. */
type FieldLine = readonly [name: string, value: string];

/**
 * Joins the lines of fields with the same name, in any case, into one: together they are one list (RFC 9110 section 5.3). Cookies are
 * joined by semicolons (RFC 9113 section 8.2.3).
 */
export function joinFields(lines: Iterable<FieldLine>): readonly FieldLine[] {
  const fields = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of lines) {
    const field = fields.get(name.toLowerCase()) ?? { name, values: [] };
    field.values.push(value);
    fields.set(name.toLowerCase(), field);
  }
  return [...fields].map(([key, { name, values }]) => [name, values.join(key === 'cookie' ? '; ' : ', ')]);
}

/** Joins several sets of fields into one. */
export const joinedFields = (sets: ReadonlyArray<Readonly<Record<string, string>>>): Readonly<Record<string, string>> =>
  Object.fromEntries(joinFields(sets.flatMap((fields) => Object.entries(fields))));
