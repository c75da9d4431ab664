import { sha256OfBodySync } from '../core/digest.ts';
import { hex, utf8 } from '../core/encoding.ts';

/**
 * A nonce and its access key as SHA-256 in lower-case hex. It has a fixed length and only hex digits, so that stores that fold case, trim
 * spaces or truncate long strings cannot confuse two nonces.
 */
export const claimId = (accessKey: string, nonce: string): string =>
  hex(sha256OfBodySync(utf8(`${accessKey.length}:${accessKey}${nonce}`)));
