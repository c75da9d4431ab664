import { sha256OfBody } from '../core/digest.ts';
import { bytesToSign, hex } from '../core/encoding.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { PresentedSignature, ToSign } from '../core/scheme.ts';
import type { ReplayStore } from './contracts.ts';

/**
 * What is claimed for a request, so that it is accepted once: its nonce, or else a hash of all that was signed. Not the
 * signature, of which some algorithms let anyone make another valid one.
 */
export async function claimOf({ nonce, challenge }: PresentedSignature, stringToSign: ToSign): Promise<string> {
  return nonce ?? challenge ?? hex(await sha256OfBody(bytesToSign(stringToSign)));
}

/**
 * Claims the nonce: the last step that proves a request, because a nonce once claimed is spent.
 *
 * @throws SignatureError `replayed_request`, and `replay_store_full` or `replay_store_unavailable` when it cannot be told.
 */
export async function requireUnseen(
  replay: ReplayStore,
  { accessKey, nonce, expiresAt }: { readonly accessKey: string; readonly nonce: string; readonly expiresAt: number },
): Promise<void> {
  let claim: unknown;
  try {
    claim = await replay.claim(accessKey, nonce, expiresAt);
  } catch (cause) {
    // A store of ours says itself what is wrong with it.
    if (cause instanceof SignatureError && cause.code.startsWith('replay_store_')) throw cause;
    fail(
      'replay_store_unavailable',
      'It cannot be told now whether the request is a replay. Try again later.',
      503,
      cause,
    );
  }
  if (claim === 'seen') fail('replayed_request', 'This request has been received before: sign each attempt anew.', 401);
  // Whatever else a store answers is no proof of freshness.
  if (claim !== 'fresh') fail('replay_store_unavailable', 'The replay store gave no answer. Try again later.', 503);
}
