import { sha256 } from '@noble/hashes/sha2.js';
import { base64, hex } from './encoding.ts';

/** From this size the platform's digests beat the one in JavaScript on most runtimes (bytes). */
const large = 4096;
/** What is hashed without letting other work run: about a millisecond in the slower browsers (bytes). */
const slice = 65536;

/**
 * SHA-256 of a body. Small bodies are hashed at once; large ones by WebCrypto where the
 * runtime has it, elsewhere slice by slice so that the event loop is never held for long.
 */
export const sha256OfBody = (bytes: Uint8Array): Uint8Array | Promise<Uint8Array> =>
  bytes.length < large ? sha256(bytes) : sha256OfLargeBody(bytes);

async function sha256OfLargeBody(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle; // absent on pages served over plain http
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource));
  const hash = sha256.create();
  for (let start = 0; start < bytes.length; start += slice) {
    hash.update(bytes.subarray(start, start + slice));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return hash.digest();
}

/**
 * SHA-256 of a body, synchronously: by Node's crypto where the runtime has it, as Node, Deno and Bun do. Elsewhere it holds the
 * event loop about 5 ms per MiB.
 */
export const sha256OfBodySync = (bytes: Uint8Array): Uint8Array =>
  (bytes.length < large ? undefined : nativeSha256())?.(bytes) ?? sha256(bytes);

type Hash = (bytes: Uint8Array) => Uint8Array;
type NodeHash = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Uint8Array;
type Runtime = { readonly process?: { getBuiltinModule?(name: string): { readonly hash?: NodeHash } | undefined } };

let native: Hash | null | undefined;

/** The hash of Node's crypto, which takes a fourth of the time of the one in JavaScript; undefined where there is none. */
export function nativeSha256(): Hash | undefined {
  if (native === undefined) native = soundHash();
  return native ?? undefined;
}

/** Runtimes that imitate Node have functions that throw or know other encodings. The digest is that of no bytes. */
function soundHash(): Hash | null {
  try {
    const hash = (globalThis as Runtime).process?.getBuiltinModule?.('node:crypto')?.hash;
    if (!hash) return null;
    const own: Hash = (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer'));
    return hex(own(new Uint8Array())).startsWith('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
      ? own
      : null;
  } catch {
    return null;
  }
}

/** The digest as a Content-Digest field value, RFC 9530 section 2. */
export const contentDigest = (digest: Uint8Array): string => `sha-256=:${base64(digest)}:`;
