/** One library doing one operation. */
export type Row = {
  readonly name: string;
  /** Does the operation `lot` times. */
  readonly run: () => unknown;
  /** @default 1 */
  readonly lot?: number;
  /** Throws unless `run` gives a correct result, so that nothing is measured that does not work. */
  readonly check: () => void | Promise<void>;
};

export type Operation = {
  readonly name: string;
  /** Made just before they are measured: what is signed for the verifiers grows stale. */
  readonly rows: () => Promise<readonly Row[]> | readonly Row[];
};

/** How many signatures are under way at once in the rows called "16 in flight". */
export const inFlight = 16;

/** A row that starts `inFlight` of another row's operations before it awaits any. */
export const together = ({ name, run, check }: Row): Row => ({
  name: `${name}, ${inFlight} in flight`,
  run: () => Promise.all(Array.from({ length: inFlight }, run)),
  lot: inFlight,
  check,
});

export function insist(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`not measured, because it does not work: ${what}`);
}
