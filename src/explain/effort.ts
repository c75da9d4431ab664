/** Steps that an explanation may have skipped. The codes are stable, so programs may switch on them. docs/explain.md has a row for each. */
export type LeftOutCode = 'body-size' | 'json-depth' | 'body-forms' | 'combinations' | 'combinations-of-three';

/** A skipped step, which may contain the cause. */
export type LeftOut = {
  readonly code: LeftOutCode;
  /** The skipped step, and the reason. */
  readonly message: string;
};

/** The remaining budget of an explanation, and the steps it skipped. */
export type Effort = {
  /** In bytes to hash. Every step that reads, creates or hashes bytes spends from it. */
  left: number;
  readonly leftOut: Set<LeftOutCode>;
};

/** The budget for one request, in bytes: about a second with SHA-256 in JavaScript. */
const most = 2e8;

export const createEffort = (): Effort => ({ left: most, leftOut: new Set() });

/**
 * Spends bytes.
 *
 * @param reserve bytes that must remain for later steps.
 * @returns false, and spends nothing, if too few remain.
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

/** Returns a function that creates a value on the first call and then returns the same value. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
