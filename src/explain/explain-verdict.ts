import type { Scheme } from '../core/scheme.ts';
import { allowUnsignedPayload } from '../core/unsafe-options.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import { createVerifier } from '../server/verify/verifier.ts';
import type { ExplainOptions, SignatureExplanation } from './explanation.ts';

/** How a verdict is found. */
export type VerdictRules = ExplainOptions & { readonly scheme: Scheme; readonly now: number };

/** What a verifier says: the real one, which takes whatever its scheme leaves open, and has seen no request before. */
export async function explainVerdict(
  request: ReceivedRequest,
  { scheme, now, address, accessKey, otherKeys, otherSchemes, origins, paths, ...options }: VerdictRules,
): Promise<Pick<SignatureExplanation, 'verified' | 'code' | 'reason'>> {
  const { keys } = options;
  const verifier = createVerifier({
    ...options,
    // Nothing is used here that servers should note.
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
  });
  if (result.ok) return { verified: true };
  const { code, message } = result.error;
  if (result.error.status >= 500) throw result.error;
  return { verified: false, code, reason: message };
}
