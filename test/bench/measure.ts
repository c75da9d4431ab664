import { measure as mitata } from 'mitata';
import type { Operation } from './rows.ts';

/** Microseconds for one operation, a figure for each round. */
export type Measured = { readonly operation: string; readonly row: string; readonly rounds: readonly number[] };

export type Effort = {
  readonly rounds: number;
  /** For each row in each round, in milliseconds. */
  readonly time: number;
};

/**
 * Checks and measures the rows of an operation. Each round measures every row once, next to the others, so that what
 * else the machine does meets them alike: judge by the ratios within a round. A round's figure is its lowest decile, over
 * batches shorter than a time slice, since work that is interrupted says nothing of the code.
 */
export async function measure({ name, rows: make }: Operation, { rounds, time }: Effort): Promise<readonly Measured[]> {
  const rows = await make();
  const found = new Map<string, number[]>();
  for (const row of rows) {
    await row.check();
    found.set(row.name, []);
  }
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    for (const { name: row, run, lot = 1 } of rows) {
      const options = {
        gc: false,
        min_cpu_time: time * 1e6,
        min_samples: 12,
        samples_threshold: 12,
        batch_samples: 16,
      };
      const { samples } = await mitata(() => run(), options);
      if (round >= 0) found.get(row)?.push((samples[Math.floor(samples.length / 10)] ?? Number.NaN) / 1000 / lot);
    }
  }
  // What is refused by now, being stale, was perhaps refused all along.
  for (const { check } of rows) await check();
  return [...found].map(([row, figures]) => ({ operation: name, row, rounds: figures }));
}
