import { fail, type SignatureError } from '../core/errors.ts';
import { type Caller, checkScope, type ProtectedHandler } from './gate.ts';
import { type Reply, replyTo, responseOf } from './reply.ts';
import { requireScope as requireScopeOf } from './verify/checks.ts';

/**
 * A handler for {@link protect} that responds with 403 unless the caller's key has the scope, and tells the audit.
 *
 * @throws SignatureError (the handler) `invalid_configuration` (500) where nothing has verified the request.
 */
export function requireScope(scope: string, handler: ProtectedHandler): ProtectedHandler {
  return async (request, caller) => {
    const refusal = await scopeRefusal(caller, scope);
    return refusal ? responseOf(refusal) : handler(request, caller);
  };
}

/**
 * The response to a verified caller whose key does not have the scope that a route asks for; undefined where it has.
 *
 * @throws SignatureError `invalid_configuration` (500) where nothing has verified the request.
 */
export async function scopeRefusal(caller: Caller | undefined, scope: string): Promise<Reply | undefined> {
  const { principal, [checkScope]: check } = verifiedCaller(caller);
  if (check) return (await check(scope))?.reply;
  try {
    requireScopeOf(principal, scope);
    return undefined;
  } catch (error) {
    // The caller is proved, so it may know the reason; a 403 does not say how to sign.
    return replyTo(error as SignatureError, { scheme: '', disclosed: true, howToSign: [], challenge: undefined });
  }
}

/**
 * @throws SignatureError `invalid_configuration` (500) where there is none.
 */
export const verifiedCaller = (caller: Caller | undefined): Caller =>
  caller ?? fail('invalid_configuration', 'Nothing has verified this request: install the gate before this.', 500);
