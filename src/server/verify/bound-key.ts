import { equalInConstantTime } from '../../core/constant-time.ts';
import type { PlatformKey } from '../../core/credentials.ts';
import { type Binding, boundTag } from '../../core/session/bound.ts';
import { nativeHmacSha256 } from '../../schemes/native-hmac.ts';

/** Whether a holder of the parent's secret made the tag, and so stated the claims and the public key. */
export const isTagOf = (parent: string | Uint8Array, { tagged, tag }: Binding): boolean =>
  equalInConstantTime(boundTag(parent, tagged, nativeHmacSha256), tag);

/**
 * Imports the public key of a bound session. Call it only for a tag that is right, which covers the key.
 *
 * @returns undefined for a point that is not on the curve, and for an algorithm that the runtime does not support.
 */
export async function importBoundKey({ publicKey }: Binding): Promise<PlatformKey | undefined> {
  const algorithm = publicKey.length === 32 ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
  try {
    return await crypto.subtle.importKey('raw', publicKey, algorithm, true, ['verify']);
  } catch {
    return undefined;
  }
}
