/** A clock that is corrected with the time of a server. */
export type CorrectedClock = {
  /** The time in milliseconds since the epoch. */
  (): number;
  /**
   * Sets the offset.
   *
   * @param serverTime the server's time in milliseconds since the epoch. Pass only a time whose countersignature was checked:
   * otherwise anyone in between can set the clock.
   * @param sentAt the time at which the request was sent, in milliseconds since the epoch, by the uncorrected clock.
   */
  correct(serverTime: number, sentAt: number): void;
  /** Milliseconds that are added to the uncorrected clock. */
  offset(): number;
};

/** A response that takes longer may have been delayed in transit (milliseconds). */
const prompt = 5000;

/**
 * Creates a clock for callers whose system clock may be wrong and cannot be set, as in browsers. Pass it to `createSigner` and
 * to `countersignedFetch`, which corrects it.
 *
 * @param clock the uncorrected clock. @default Date.now
 * @example
 * import { correctedClock, countersignedFetch, createSigner } from 'countersign';
 *
 * const clock = correctedClock();
 * const api = countersignedFetch(createSigner({ accessKey, secret, clock }), { clock });
 */
export function correctedClock(clock: () => number = () => Date.now()): CorrectedClock {
  let offset = 0;
  return Object.assign(() => clock() + offset, {
    correct(serverTime: number, sentAt: number) {
      const receivedAt = clock();
      // The server read its clock, in whole seconds, between sentAt and receivedAt.
      // A clock that was set back meanwhile gives no such pair.
      if (receivedAt >= sentAt && receivedAt - sentAt <= prompt) offset = serverTime + 500 - (sentAt + receivedAt) / 2;
      // An attacker may have delayed a slow exchange. An offset that fits it may be right, and stays. In place of any other, the
      // smallest that fits: a request signed with a future time stays valid for longer, so nobody must set the clock ahead.
      else if (offset < serverTime - receivedAt || offset > serverTime + 1000 - sentAt)
        offset = serverTime - receivedAt;
    },
    offset: () => offset,
  });
}
