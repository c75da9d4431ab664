const bestTime = (work: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 3 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );

const steps = [2 ** 12, 2 ** 13, 2 ** 14, 2 ** 15] as const;

/** The exponent with which the time of work grows with the length of its text: the slope of both logarithms. */
export function exponentOf(work: (length: number) => unknown): number {
  const points = steps.map((length) => ({ x: Math.log(length), y: Math.log(bestTime(() => work(length))) }));
  const mean = (of: (point: { readonly x: number; readonly y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
}

/** The characters that an expression tells apart, as far as they stand in it, and some of each usual class. */
function alphabetOf(source: string): readonly string[] {
  return [...new Set([...source.replace(/\\[a-zA-Z]/g, ''), ' ', '\t', '\n', 'a', '0', '-', '%'])];
}

function* textsFor(source: string): Generator<(length: number) => string> {
  const characters = alphabetOf(source);
  const units = [...characters, ...characters.flatMap((one) => characters.map((other) => one + other))];
  for (const unit of units) yield (length) => `a${unit.repeat(Math.floor(length / unit.length))}\0`;
}

/** A text that an expression needs more than linear time for, as a list of one; none, as a rule. */
export function dearTexts({ source, flags }: { readonly source: string; readonly flags: string }): readonly string[] {
  // As a loop of `exec`, `matchAll`, `replace` and `split` search.
  const pattern = new RegExp(source, [...new Set(`${flags}g`)].join(''));
  for (const text of textsFor(source)) {
    const work = (length: number) => text(length).replace(pattern, '');
    // A square of this length is more than ten times as much: most texts need no second look.
    if (bestTime(() => work(2 ** 14)) < 8) continue;
    const exponent = Math.min(exponentOf(work), exponentOf(work));
    if (exponent > 1.5) return [`/${source}/${flags} on ${JSON.stringify(text(12))}: ${exponent.toFixed(2)}`];
  }
  return [];
}
