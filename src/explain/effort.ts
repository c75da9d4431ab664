/** What an explanation may not have tried. Stable: programs switch on it. docs/explain.md has a row for each. */
export type LeftOutCode = 'body-size' | 'json-depth' | 'body-forms' | 'combinations' | 'combinations-of-three';

/** One thing that was not tried, so that the cause may lie there. */
export type LeftOut = {
  readonly code: LeftOutCode;
  /** What was not tried, and why. */
  readonly message: string;
};

/** What the explanation of one request may still cost, and what it did not try. */
export type Effort = {
  /** In bytes that are hashed. Whatever reads, makes or hashes bytes spends from it. */
  left: number;
  readonly leftOut: Set<LeftOutCode>;
};

/** For one request (bytes): about a second where SHA-256 is in JavaScript. */
const most = 2e8;

export const createEffort = (): Effort => ({ left: most, leftOut: new Set() });

/**
 * Spends bytes.
 *
 * @param reserve bytes that are kept for later steps.
 * @returns false, and spends nothing, where fewer are left.
 */
export function spend(effort: Effort, bytes: number, reserve = 0): boolean {
  if (effort.left - bytes < reserve) return false;
  effort.left -= bytes;
  return true;
}

const messages: Readonly<Record<LeftOutCode, string>> = {
  'body-size': 'The body is larger than 1 MiB: no other forms of it were tried.',
  'json-depth': 'The JSON of the body is nested deeper than 512 levels: no other forms of the JSON were tried.',
  'body-forms': 'The body is large: some other forms of it were not tried.',
  combinations: 'The search reached its limit before it tried all secrets, single differences and pairs of them.',
  'combinations-of-three': 'The search reached its limit before it tried all combinations of three differences.',
};

export const listLeftOut = ({ leftOut }: Effort): readonly LeftOut[] =>
  [...leftOut].map((code) => ({ code, message: messages[code] }));

/** Makes a value when it is first asked for, and keeps it. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
