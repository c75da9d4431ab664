import { retirementField } from '../core/retirement.ts';
import type { Fetch } from './fetch.ts';

/**
 * Hears from the server that the secret in use is being replaced, so that the new one can be fetched in time. Goes between
 * `signedFetch` and what sends: `signedFetch(signer, hearRetirement(fetch, tell))`. The header is a hint that whoever is on the way
 * could have added: let it raise an alarm or ask for the new secret, and decide nothing else.
 *
 * @param fetch what sends the requests.
 * @param tell called with the time at which the secret stops working, once for each such time. What it throws is dropped.
 */
export function hearRetirement(fetch: Fetch, tell: (retiresAt: Date) => void): Fetch {
  let told = '';
  return async (...given) => {
    const response = await fetch(...given);
    const seconds = response.headers.get(retirementField) ?? '';
    if (seconds !== told && /^\d{1,12}$/.test(seconds)) {
      told = seconds;
      try {
        tell(new Date(Number(seconds) * 1000));
      } catch {
        // The answer belongs to the caller whatever becomes of the notice.
      }
    }
    return response;
  };
}
