import { fail } from '../core/errors.ts';
import { explainSignature } from '../explain/explain.ts';
import type { ExplainOptions, SignatureExplanation } from '../explain/explanation.ts';

/**
 * Returns a copy of a request, so that the body of the original can still be read.
 *
 * @throws SignatureError `body_consumed`, and `invalid_configuration` for a value that is not a `Request`.
 */
export function copyOf(request: unknown, where: string): Request {
  if (!isRequest(request))
    fail(
      'invalid_configuration',
      `${where} takes a Request. From the arguments of fetch, make one: new Request(...call).`,
    );
  if (request.bodyUsed) fail('body_consumed', `The body has been read already: give ${where} a clone of the request.`);
  return request.clone();
}

/** True for a Request of any realm: happy-dom has its own class. */
const isRequest = (value: unknown): value is Request =>
  typeof value === 'object' && value !== null && 'clone' in value && 'method' in value && 'url' in value;

/** Explains a request as of the time at which it was signed, so that the age of a recorded request does not matter. */
export async function explainRequest(request: Request, options: ExplainOptions): Promise<SignatureExplanation> {
  const explanation = await explainSignature(request.clone(), options);
  const signedAt = explanation.time?.signedAt;
  return signedAt === undefined || options.clock || explanation.time?.fresh
    ? explanation
    : explainSignature(request.clone(), { ...options, clock: () => signedAt });
}
