import { sha256OfBody } from '../core/digest.ts';
import { hex } from '../core/encoding.ts';
import type { Eventual } from '../core/eventual.ts';

/** What is hashed at once: it takes some 150 microseconds (bytes). WebCrypto leaves larger bodies to other threads. */
const atOnce = 262_144;

type Hash = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Uint8Array;
type Runtime = { readonly process?: { getBuiltinModule?(name: string): { readonly hash?: Hash } | undefined } };

let native: Hash | null | undefined;

/**
 * SHA-256 of a body on a server. Where the runtime has the hash of Node's crypto, as Node, Deno and Bun do, it takes a fourth of
 * the time of the one in JavaScript, and less than a WebCrypto thread needs to begin.
 */
export function sha256OfReceived(bytes: Uint8Array): Eventual<Uint8Array> {
  if (native === undefined) native = soundHash();
  return native && bytes.length <= atOnce ? native('sha256', bytes, 'buffer') : sha256OfBody(bytes);
}

/** Runtimes that stand in for Node have functions that throw, or know other encodings; the digest is that of no bytes. */
function soundHash(): Hash | null {
  try {
    const hash = (globalThis as Runtime).process?.getBuiltinModule?.('node:crypto')?.hash;
    const digest = hash ? hex(hash('sha256', new Uint8Array(), 'buffer')) : '';
    return hash && digest === 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' ? hash : null;
  } catch {
    return null;
  }
}
