import { fail } from '../core/errors.ts';
import { explainSignature } from '../explain/explain.ts';
import type { ExplainOptions, SignatureExplanation } from '../explain/explanation.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';

/** A request, or what a server receives in its place. */
export type TestedRequest = Request | ReceivedRequest;

/**
 * Returns a copy of a request, so that its body can still be read.
 *
 * @throws SignatureError `body_consumed`, and `invalid_configuration` for a value that is not a request.
 */
export function copyOf<Tested extends TestedRequest>(request: Tested, where: string): Tested {
  if (typeof request !== 'object' || !request || !('headers' in request && 'method' in request))
    fail(
      'invalid_configuration',
      `${where} takes a Request. From the arguments of fetch, make one: new Request(...call).`,
    );
  if (!('clone' in request)) return request;
  if (request.bodyUsed) fail('body_consumed', `The body has been read already: give ${where} a clone of the request.`);
  return request.clone() as Tested;
}

/** Explains a request as of the time at which it was signed, so that the age of a recorded request does not matter. */
export async function explainRequest(request: TestedRequest, options: ExplainOptions): Promise<SignatureExplanation> {
  const explanation = await explainSignature(copyOf(request, 'explainRequest()'), options);
  const signedAt = explanation.time?.signedAt;
  return signedAt === undefined || options.clock || explanation.time?.fresh
    ? explanation
    : explainSignature(copyOf(request, 'explainRequest()'), { ...options, clock: () => signedAt });
}
