/** A clock that a server's time corrects. */
export type CorrectedClock = {
  /** The time in milliseconds since the epoch. */
  (): number;
  /**
   * @param serverTime the server's time in milliseconds since the epoch. Pass only a time whose countersignature was checked, or
   * anyone in between could set the clock.
   * @param sentAt when the request was sent, by the uncorrected clock.
   */
  correct(serverTime: number, sentAt: number): void;
  /** Milliseconds that are added to the uncorrected clock. */
  offset(): number;
};

/** An exchange that takes longer may have been held back on the way (milliseconds). */
const prompt = 5000;

/**
 * Returns a clock for callers whose own is wrong and cannot be set, as in browsers. Give it to `createSigner` and to
 * `countersignedFetch`, which corrects it.
 *
 * @param clock the uncorrected clock. @default Date.now
 * @example
 * const clock = correctedClock();
 * const api = countersignedFetch(createSigner({ accessKey, secret, clock }), { clock });
 */
export function correctedClock(clock: () => number = () => Date.now()): CorrectedClock {
  let offset = 0;
  return Object.assign(() => clock() + offset, {
    correct(serverTime: number, sentAt: number) {
      const receivedAt = clock();
      // The server read its clock, in whole seconds, somewhere between. Who delays the response must not set the clock ahead: a
      // signature from the future could be held back for longer. So of a long exchange, the earliest time that fits counts.
      offset = receivedAt - sentAt > prompt ? serverTime - receivedAt : serverTime + 500 - (sentAt + receivedAt) / 2;
    },
    offset: () => offset,
  });
}
