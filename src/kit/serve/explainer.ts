import { createServerEffort } from '../../explain/effort.ts';
import { explainWithin } from '../../explain/explain.ts';
import type { ExplainOptions, SignatureExplanation } from '../../explain/explanation.ts';
import type { ReceivedRequest } from '../../server/verify/message.ts';

/** Explains a refused request; undefined if too many others wait. */
export type KitExplainer = (request: ReceivedRequest) => Promise<SignatureExplanation | undefined>;

/** In milliseconds, for the search of one explanation. */
const timeout = 250;
/** In bytes. One form of a body is made without a pause, so the size bounds how long nobody else is served. */
const maxFormSize = 2 ** 18;
/** How many requests are explained or wait for it. */
const maxOpen = 8;

/** Creates a function that explains one request at a time, and serves others meanwhile: anyone may send a request to explain. */
export function createKitExplainer(options: ExplainOptions): KitExplainer {
  let open = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (request) => {
    if (open >= maxOpen) return undefined;
    open++;
    const explained = last.then(() =>
      explainWithin(request, { ...options, effort: createServerEffort({ timeout, maxFormSize }) }),
    );
    last = explained.catch(() => {});
    return explained.finally(() => open--);
  };
}
