import { fail } from '../../core/errors.ts';

/** The position of a character in a template of a definition. */
export type Place = {
  /** The key in the definition, for example `headers.Authorization`. */
  readonly where: string;
  readonly template: string;
  /** Index from 0. */
  readonly at: number;
};

/**
 * Refuses a definition with a message that points at the character.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function invalidDefinition({ where, template, at }: Place, problem: string): never {
  // A negative position would count as 0.
  const start = at > 0 ? template.lastIndexOf('\n', at - 1) + 1 : 0;
  const [line = ''] = template.slice(start).split('\n');
  const shown = line.replace(/[^ -~]/g, '?');
  return fail(
    'invalid_configuration',
    `${where}, character ${at + 1}: ${problem}.\n  ${shown}\n  ${' '.repeat(at - start)}^`,
  );
}

/** Returns a suggestion with the most similar name; empty if none is similar enough. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.max(1, given.length / 3) ? `; did you mean ${near.name}?` : '';
}

// The Levenshtein distance.
function editDistance(a: string, b: string): number {
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
