import type { PlatformKey } from '../core/credentials.ts';
import { fail, SignatureError } from '../core/errors.ts';
import { checkOptions } from './check-options.ts';
import { type Checked, createResponseCheck } from './check-response.ts';
import type { CorrectedClock } from './clock.ts';
import { correctingFetch } from './correcting-fetch.ts';
import { discardRedirect } from './discard-body.ts';
import { createSender, type Exchange, type Fetch, type SendOptions } from './fetch.ts';
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
 * it sends a request of an idempotent method once more. It believes a refusal only by its countersignature, which a verifier adds to
 * every refusal of a caller that it knows, so nobody in between can set the clock. Other responses are returned unchecked: see
 * `countersignedFetch`.
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
  const check = createResponseCheck(signer, { responseKey, maxBodyBytes });

  /** What a refusal states, if it is countersigned. */
  async function readRefusal({ response, outgoing }: Exchange): Promise<Partial<Checked>> {
    if (response.status !== 401) return {};
    try {
      return await check({ response: response.clone(), outgoing });
    } catch (error) {
      if (error instanceof SignatureError) return {};
      throw error;
    }
  }

  return correctingFetch(clock, async (...call) => {
    const sent = await send(...call);
    const { response, followed } = sent;
    return { ...(await readRefusal(sent)), response: followed ? discardRedirect(response) : response };
  });
}
