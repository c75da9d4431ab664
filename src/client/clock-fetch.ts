import { checkPublicKey, type PlatformKey } from '../core/credentials.ts';
import { fail, SignatureError } from '../core/errors.ts';
import { checkOptions } from './check-options.ts';
import type { CorrectedClock } from './clock.ts';
import { type Checked, checked, messageSent, responsesOf } from './countersigned.ts';
import { createSender, type Exchange, type Fetch, type SendOptions } from './fetch.ts';
import { refuseRedirect } from './refuse-redirect.ts';
import { isIdempotent, resendable } from './request.ts';
import type { Signer } from './signer.ts';

/** The clock to correct, and what sends the requests. */
export type ClockFetchOptions = SendOptions & {
  /** The signer must use the same clock. */
  readonly clock: CorrectedClock;
  /** The server's public key, if the server does not sign with the caller's secret. @default the caller's secret */
  readonly responseKey?: PlatformKey;
};

/** The most bytes of a refusal that are read. */
const maxBodyBytes = 65_536;

/**
 * Returns a `fetch` that signs every request, as `signedFetch` does, and corrects the clock if the server refuses the timestamp; then
 * it sends a request of an idempotent method once more. It believes a refusal only by its countersignature, which a verifier adds to every refusal of a
 * caller that it knows, so nobody in between can set the clock. Other responses are returned unchecked: see `countersignedFetch`.
 *
 * @throws SignatureError `invalid_configuration` for a scheme that signs no responses, `invalid_credentials` for a `responseKey` that
 * is not a public key. The returned function throws the codes of `signedFetch`.
 * @example
 * import { clockFetch, correctedClock, createSigner } from 'countersign';
 *
 * const clock = correctedClock();
 * const api = clockFetch(createSigner({ accessKey, secret, clock }), { clock });
 * const response = await api('https://api.example.com/v1/orders');
 * console.log(await response.json()); // → { hello: 'shop' }
 */
export function clockFetch(signer: Signer, options: ClockFetchOptions): Fetch {
  checkOptions('clockFetch', options, /^(fetch|clock|responseKey)$/);
  const { clock, responseKey } = options;
  if (typeof clock?.correct !== 'function') {
    fail('invalid_configuration', 'clock must be what correctedClock() returns.');
  }
  const send = createSender(signer, options);
  const responses = responsesOf(signer.scheme);
  if (responseKey) checkPublicKey(responseKey);
  const given = responseKey && signer.scheme.createKey(responseKey);

  /** What a refusal states, if it is countersigned. */
  async function readRefusal({ response, outgoing }: Exchange): Promise<Partial<Checked>> {
    if (response.status !== 401) return {};
    const key = given ?? outgoing.signed.key;
    try {
      const expected = { request: messageSent(outgoing), responses, key, maxBodyBytes };
      return await checked(response.clone(), expected);
    } catch (error) {
      if (error instanceof SignatureError) return {};
      throw error;
    }
  }

  const deliver = ({ response, followed }: Exchange): Response => (followed ? refuseRedirect(response) : response);

  return async (input, init) => {
    const offset = clock.offset();
    const sentAt = clock() - offset;
    const first = await send(input, init);
    const { time, refusesTimestamp } = await readRefusal(first);
    if (time === undefined || !refusesTimestamp) return deliver(first);
    // Another call may have corrected the clock since.
    if (clock.offset() === offset) clock.correct(time, sentAt);
    // A countersigned refusal may be that of a copy: the request may have been carried out before.
    const again = isIdempotent(input, init) && resendable(input, init);
    return deliver(again ? await send(input, init) : first);
  };
}
