/** A moment by two clocks, in milliseconds. */
export type Moment = { readonly time: number; readonly ticks: number };

/**
 * Measures durations. The time can be set, and the ticks of some browsers stand still while a computer sleeps, so the clock that has
 * advanced further counts: a session then ends too early rather than too late.
 */
export function stopwatch(clock: () => number): {
  now(): Moment;
  /** The moment of a time by the clock, in milliseconds since the epoch, which may lie before this page was loaded. */
  at(time: number): Moment;
  since(from: Moment): number;
} {
  const ticks = () => globalThis.performance?.now() ?? 0;
  return {
    now: () => ({ time: clock(), ticks: ticks() }),
    at: (time) => ({ time, ticks: ticks() - (clock() - time) }),
    since: (from) => Math.max(clock() - from.time, ticks() - from.ticks),
  };
}

/** How long to wait after so many failures in a row, in milliseconds: a second, doubled each time, half a minute at most. */
export const backOff = (failures: number): number => (failures ? Math.min(1000 * 2 ** (failures - 1), 30_000) : 0);
