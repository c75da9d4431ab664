import { sha256OfBodySync } from '../core/digest.ts';
import { hex, utf8 } from '../core/encoding.ts';

/**
 * A nonce and whose it is, as lower-case hex of a SHA-256: of one length, and told apart by its letters alone, whatever a
 * store makes of case, blanks and long texts.
 */
export const claimId = (accessKey: string, nonce: string): string =>
  hex(sha256OfBodySync(utf8(`${accessKey.length}:${accessKey}${nonce}`)));
