import type { PlatformKey } from '../core/credentials.ts';
import { checkOptions } from './check-options.ts';
import { type Checked, createResponseCheck } from './check-response.ts';
import type { CorrectedClock } from './clock.ts';
import { correctingFetch } from './correcting-fetch.ts';
import { createSender, type Fetch, type SendOptions } from './fetch.ts';
import { refuseRedirect } from './refuse-redirect.ts';
import type { Signer } from './signer.ts';

/** How responses are checked, and what sends the requests. */
export type CountersignedOptions = SendOptions & {
  /**
   * Corrected when the server refuses the timestamp; then a request of an idempotent method is sent once more. The signer must use the
   * same clock. @default none
   */
  readonly clock?: CorrectedClock;
  /** The server's public key, if the server does not sign with the caller's secret. @default the caller's secret */
  readonly responseKey?: PlatformKey;
  /** The most bytes of a response body that are read. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
};

/**
 * Returns a `fetch` that signs every request, as `signedFetch` does, and checks the server's countersignature of every response.
 * The countersignature covers the signature of the request, and the status, content type and body of the response. This is mutual
 * authentication, even through a proxy that can read and change every message. The whole body is read before the response is
 * returned.
 *
 * @throws SignatureError `invalid_configuration` for a scheme that signs no responses, `invalid_credentials` for a
 * `responseKey` that is not a public key. The returned function throws `response_unsigned` for a response without
 * countersignature, `response_mismatch` for a wrong countersignature, `redirect_refused` for a countersigned redirect,
 * `body_too_large`, and the codes of `signedFetch`.
 * @example
 * import { countersignedFetch, createSigner } from 'countersign';
 *
 * const api = countersignedFetch(createSigner({ accessKey, secret }));
 * const response = await api('https://api.example.com/v1/orders');
 * console.log(await response.json()); // → { hello: 'shop' }
 */
export function countersignedFetch(signer: Signer, options: CountersignedOptions = {}): Fetch {
  const { clock, responseKey, maxBodyBytes = 2 ** 26 } = options;
  checkOptions('countersignedFetch', options, /^(fetch|clock|responseKey|maxBodyBytes)$/);
  const send = createSender(signer, options);
  const check = createResponseCheck(signer, { responseKey, maxBodyBytes });
  const exchange = async (...call: Parameters<Fetch>): Promise<Checked> => {
    const sent = await send(...call);
    const found = await check(sent);
    if (sent.followed) refuseRedirect(found.response);
    return found;
  };
  return clock ? correctingFetch(clock, exchange) : async (...call) => (await exchange(...call)).response;
}
