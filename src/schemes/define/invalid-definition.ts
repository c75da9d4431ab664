import { fail } from '../../core/errors.ts';

/** A character of a template in a definition. */
export type Place = {
  /** The key of the definition: `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  /** From 0. */
  readonly at: number;
};

/**
 * Refuses a definition, and shows where.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function invalidDefinition({ where, template, at }: Place, problem: string): never {
  const start = template.lastIndexOf('\n', at - 1) + 1;
  const [line = ''] = template.slice(start).split('\n');
  const shown = line.replace(/[^ -~]/g, '?');
  return fail(
    'invalid_configuration',
    `${where}, character ${at + 1}: ${problem}.\n  ${shown}\n  ${' '.repeat(at - start)}^`,
  );
}

/** The one of the names that was meant, in words: where one is near enough. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, distance: distanceOf(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.max(1, given.length / 3) ? `; did you mean ${near.name}?` : '';
}

// Levenshtein's.
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (character === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
