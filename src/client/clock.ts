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
      // The server read its clock, in whole seconds, between sentAt and receivedAt. An attacker who delays the response must not
      // set the clock ahead: a request signed with a future time stays valid for longer. So a slow response counts as read at
      // receivedAt, the latest possible moment, which gives the smallest offset.
      offset = receivedAt - sentAt > prompt ? serverTime - receivedAt : serverTime + 500 - (sentAt + receivedAt) / 2;
    },
    offset: () => offset,
  });
}
