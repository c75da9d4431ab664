/** A clock that a server's time can set right. */
export type CorrectedClock = {
  /** The time in milliseconds since the epoch. */
  (): number;
  /**
   * @param serverTime what the server said, in milliseconds since the epoch; only from an answer whose countersignature
   * has been checked, or whoever is on the way could set the clock.
   * @param sentAt by the uncorrected clock, when the request went out.
   */
  correct(serverTime: number, sentAt: number): void;
  /** Milliseconds that are added to the uncorrected clock. */
  offset(): number;
};

/**
 * A clock for callers whose own is wrong and cannot be set, as in browsers. Give it to `createSigner` and to
 * `countersignedFetch`, which corrects it. It is right for all calls at once, those under way included once they are retried.
 *
 * @param clock the uncorrected clock. @default Date.now
 */
export function correctedClock(clock: () => number = () => Date.now()): CorrectedClock {
  let offset = 0;
  return Object.assign(() => clock() + offset, {
    correct(serverTime: number, sentAt: number) {
      // The server read its clock somewhere between sending and receiving, and sends whole seconds.
      offset = serverTime + 500 - (sentAt + clock()) / 2;
    },
    offset: () => offset,
  });
}
