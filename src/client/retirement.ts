import { retirementField } from '../core/field-names.ts';
import { ignoreFailure } from '../core/ignore-failure.ts';
import { checkOptions } from './check-options.ts';
import { type Fetch, signedFetch } from './fetch.ts';
import type { Signer } from './signer.ts';

/** Options of `retirementFetch`. */
export type RetirementOptions = {
  /** Signs and sends the requests. @default signedFetch(signer) */
  readonly fetch?: Fetch;
  /** Called with the time at which the secret stops working, once for each such time. Exceptions and rejections are ignored. */
  readonly onRetirement: (retiresAt: Date) => void;
};

/**
 * Returns a `fetch` that calls `onRetirement` when the server announces the end of the secret in use, so that the caller can get
 * the new secret in time. Anyone in between can add the announcement, which is an unsigned header: use it only to raise an alarm
 * or to get the new secret.
 *
 * @throws SignatureError (the returned function) the codes of the option `fetch`.
 * @example
 * import { retirementFetch } from 'countersign';
 *
 * const api = retirementFetch(signer, { onRetirement: (date) => console.warn(`The secret stops working at ${date}.`) });
 */
export function retirementFetch(signer: Signer, options: RetirementOptions): Fetch {
  checkOptions('retirementFetch', options, /^(fetch|onRetirement)$/);
  const { fetch = signedFetch(signer), onRetirement } = options;
  let last = '';
  return async (...call) => {
    const response = await fetch(...call);
    const seconds = response.headers.get(retirementField) ?? '';
    if (seconds !== last && /^\d{1,12}$/.test(seconds)) {
      last = seconds;
      // An exception of onRetirement must not cost the caller the response.
      ignoreFailure(() => onRetirement(new Date(Number(seconds) * 1000)));
    }
    return response;
  };
}
