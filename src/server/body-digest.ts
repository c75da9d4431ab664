import { nativeSha256, sha256OfBody } from '../core/digest.ts';
import type { Eventual } from '../core/eventual.ts';

/** What is hashed synchronously: it takes about 150 microseconds (bytes). WebCrypto leaves larger bodies to other threads. */
const small = 262_144;

/** SHA-256 of a body on a server. Up to 256 KiB, Node's own hash takes less time than a WebCrypto thread needs to begin. */
export const sha256OfReceived = (bytes: Uint8Array): Eventual<Uint8Array> =>
  (bytes.length <= small ? nativeSha256() : undefined)?.(bytes) ?? sha256OfBody(bytes);
