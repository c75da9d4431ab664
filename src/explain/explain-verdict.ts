import type { Scheme } from '../core/scheme.ts';
import { allowUnsignedPayload } from '../core/unsafe-options.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { createVerifier } from '../server/verify/verifier.ts';
import type { ExplainOptions, SignatureExplanation } from './explanation.ts';

/** The settings of the verdict. */
export type VerdictRules = ExplainOptions & { readonly scheme: Scheme; readonly now: number };

/** Returns the verdict of a real verifier that accepts all findings of its scheme and has an empty replay store. */
export async function explainVerdict(
  request: ReceivedRequest,
  { scheme, now, address, accessKey, otherKeys, otherSchemes, origins, paths, withoutBody, ...options }: VerdictRules,
): Promise<Pick<SignatureExplanation, 'verified' | 'code' | 'reason'>> {
  const { keys } = options;
  const verifier = createVerifier({
    ...options,
    // Only `find` is passed on: explaining a request must not be recorded as use of the key.
    keys: { find: (name) => keys.find(name) },
    replay: { claim: () => 'fresh' },
    scheme,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
    clock: () => now,
    [allowUnsignedPayload]: true,
  });
  const result = await verifier.verify(request, {
    ...(address !== undefined && { address }),
    ...(accessKey !== undefined && { accessKey }),
    ...(withoutBody && { body: 'deferred' }),
  });
  if (result.ok) return { verified: true };
  const { code, message } = result.error;
  if (result.error.status >= 500) throw result.error;
  return { verified: false, code, reason: message };
}
