import { retirementField } from '../core/field-names.ts';
import { checkOptions } from './check-options.ts';
import { type Fetch, signedFetch } from './fetch.ts';
import type { Signer } from './signer.ts';

/** Who is notified by `retirementFetch`. */
export type RetirementOptions = {
  /** Signs and sends the requests. @default signedFetch(signer) */
  readonly fetch?: Fetch;
  /** Called with the time at which the secret stops working, once for each such time. Its errors are dropped. */
  readonly onRetirement: (retiresAt: Date) => void;
};

/**
 * Returns a `fetch` that reports when the server announces that the secret in use is being replaced, so that the caller can get
 * the new one in time. The header is a hint that anyone in between could have added: let it raise an alarm or ask for the new
 * secret, and decide nothing else.
 *
 * @throws SignatureError (the returned function) what the `fetch` beneath throws
 * @example
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
      try {
        onRetirement(new Date(Number(seconds) * 1000));
      } catch {
        // The caller gets the response in any case.
      }
    }
    return response;
  };
}
