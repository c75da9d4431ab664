import type { SignatureErrorCode } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SignatureExplanation } from '../../explain/explanation.ts';

/** A refused request, as far as an advice needs it. */
type Refused = {
  readonly code: SignatureErrorCode;
  readonly scheme: Scheme;
  readonly explanation: SignatureExplanation | undefined;
};

const compare =
  'No usual difference produces this signature. Compare stringToSign of the explanation with the text that the client signs, line by line. If both are the same, the secrets differ: check that the client signs with the secret of credentials.json, all of it.';
const wait =
  'The scheme signs no nonce, so equal requests with the same time have the same signature. Send the second one later, or change it.';

/** Says what the caller of a refused request has to change, one sentence or two for each cause. Empty if the refusal itself says it. */
export function advise({ code, scheme, explanation }: Refused): readonly string[] {
  if (code === 'replayed_request' && scheme.findings?.some((one) => one.code === 'no-nonce')) return [wait];
  if (!explanation) return [];
  const found = explanation.differences.map(({ message, remedy }) => `${message} ${remedy}`);
  return !found.length && code === 'signature_mismatch' ? [compare] : found;
}
