/** Steps that an explanation may have skipped. The codes are stable, so programs may switch on them. docs/testing.md has a row for each. */
export type LeftOutCode =
  | 'body-size'
  | 'json-depth'
  | 'body-forms'
  | 'long-lists'
  | 'combinations'
  | 'combinations-of-three';

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
  /** What there was at the beginning, in bytes. */
  readonly whole: number;
  readonly leftOut: Set<LeftOutCode>;
  /** In bytes. Larger bodies are compared, but no other forms of them are tried. */
  readonly maxFormSize: number;
  /** Limits the effort on a server, which must serve others meanwhile. @default none */
  readonly pace?: Pace;
};

/** The time that an explanation may take on a server. */
export type Pace = {
  /** When it ends, by `performance.now()`. */
  readonly end: number;
  /** When other requests were last served, by `performance.now()`. */
  pausedAt: number;
  /** What was left of the budget then, in bytes. */
  leftAtPause: number;
};

/** The budget for one request, in bytes: about a second with SHA-256 in JavaScript. */
const most = 2e8;
/** The budget on a server, in bytes. */
const mostOnServer = 5e7;
/** How long a server serves nobody else, in milliseconds. */
const slice = 10;
/**
 * How much of the budget a server spends until it serves others, in bytes. Some runtimes stop their clock while code runs, and move it
 * on in a pause.
 */
const sliceOfWork = 1e6;

/** In bytes. */
const mostFormSize = 2 ** 20;

export const createEffort = (): Effort => ({
  left: most,
  whole: most,
  leftOut: new Set(),
  maxFormSize: mostFormSize,
});

/** Limits of the effort on a server. */
export type ServerLimits = {
  /** In milliseconds. */
  readonly timeout: number;
  /** In bytes. @default 1048576 (1 MiB) */
  readonly maxFormSize?: number;
};

/** The budget in bytes applies beside the timeout: a clock that stands still would never end it. */
export function createServerEffort({ timeout, maxFormSize = mostFormSize }: ServerLimits): Effort {
  const now = performance.now();
  const pace = { end: now + timeout, pausedAt: now, leftAtPause: mostOnServer };
  return { left: mostOnServer, whole: mostOnServer, leftOut: new Set(), maxFormSize, pace };
}

/**
 * Serves others if that is due, and spends bytes. Each loop whose length a request determines asks this before each step, so that
 * there is one bound and one pause for all of them.
 *
 * @param reserve as for `spend`.
 * @returns as for `spend`.
 */
export async function proceed(effort: Effort, bytes: number, reserve = 0): Promise<boolean> {
  await pauseIfDue(effort);
  return spend(effort, bytes, reserve);
}

/**
 * Spends bytes.
 *
 * @param reserve the share of the whole budget that must remain for later steps.
 * @returns false, and spends nothing, if too few remain, or the time is over, or the bytes are not a positive number.
 */
export function spend(effort: Effort, bytes: number, reserve = 0): boolean {
  const left = effort.left - bytes;
  // Positive comparisons, so that NaN fails. A negative cost would add to the budget.
  if (!(bytes >= 0 && left >= reserve * effort.whole) || isOver(effort)) return false;
  effort.left = left;
  return true;
}

const isOver = ({ pace }: Effort): boolean => pace !== undefined && !(performance.now() <= pace.end);

/** Serves other requests, if that is due. */
export async function pauseIfDue({ pace, left }: Effort): Promise<void> {
  if (!pace || (performance.now() - pace.pausedAt < slice && pace.leftAtPause - left < sliceOfWork)) return;
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  pace.pausedAt = performance.now();
  pace.leftAtPause = left;
}

const messages: Readonly<Record<Exclude<LeftOutCode, 'body-size'>, string>> = {
  'json-depth': 'The JSON of the body is nested deeper than 512 levels: no other forms of the JSON were tried.',
  'body-forms':
    'The body is large, or has more than 30 combining marks in a row: some other forms of it were not tried.',
  'long-lists':
    'Of more than 64 headers, 32 parameters, or 8 hosts or prefixes that headers report, only the first were tried.',
  combinations: 'The search reached its limit before it tried all secrets, single differences and pairs of them.',
  'combinations-of-three': 'The search reached its limit before it tried all combinations of three differences.',
};

export const listLeftOut = ({ leftOut, maxFormSize }: Effort): readonly LeftOut[] =>
  [...leftOut].map((code) => ({
    code,
    message: code === 'body-size' ? describeBodySize(maxFormSize) : messages[code],
  }));

const describeBodySize = (bytes: number): string =>
  `The body is larger than ${bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`}: no other forms of it were tried.`;

/** Returns a function that creates a value on the first call and then returns the same value. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
