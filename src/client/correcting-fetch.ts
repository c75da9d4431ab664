import type { Checked } from './check-response.ts';
import type { CorrectedClock } from './clock.ts';
import type { Fetch } from './fetch.ts';
import { maySendAgain } from './request.ts';

/** Signs and sends one request. `time` and `refusesTimestamp` are set only if the response is countersigned. */
type Send = (...call: Parameters<Fetch>) => Promise<Checked>;

/**
 * Returns a `fetch` that corrects the clock if the server refuses the timestamp, and then sends the request once more, as far as
 * {@link maySendAgain} allows.
 */
export const correctingFetch =
  (clock: CorrectedClock, send: Send): Fetch =>
  async (input, init) => {
    const offset = clock.offset();
    const sentAt = clock() - offset;
    const first = await send(input, init);
    if (first.time === undefined || !first.refusesTimestamp) return first.response;
    // Another call may have corrected the clock since.
    if (clock.offset() === offset) clock.correct(first.time, sentAt);
    // A countersigned refusal may be that of a copy: the request may have been carried out before.
    return maySendAgain(input, init) ? (await send(input, init)).response : first.response;
  };
