import { fail, type SignatureError } from '../core/errors.ts';
import type { Caller } from './gate.ts';
import { type Reply, replyTo } from './reply.ts';
import { requireScope } from './steps.ts';

/**
 * What to answer a verified caller whose key has not the scope that a route asks for; undefined where it has.
 *
 * @throws SignatureError `invalid_configuration` (500) where nothing has verified the request.
 */
export function scopeRefusal(caller: Caller | undefined, scope: string): Reply | undefined {
  const { principal } = verifiedCaller(caller);
  try {
    requireScope(principal, scope);
    return undefined;
  } catch (error) {
    // The caller is proved, so may know the reason; who is refused by 403 is not told how to sign.
    return replyTo(error as SignatureError, { scheme: '', disclosed: true, howToSign: [], challenge: undefined });
  }
}

/**
 * @throws SignatureError `invalid_configuration` (500) where there is none.
 */
export const verifiedCaller = (caller: Caller | undefined): Caller =>
  caller ?? fail('invalid_configuration', 'Nothing has verified this request: install the gate before this.', 500);
