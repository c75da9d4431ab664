import { sha256 } from '@noble/hashes/sha2.js';
import { base64, hex } from './encoding.ts';

/** From this size (in bytes) WebCrypto is faster than the JavaScript digest on most runtimes. */
const large = 4096;
/** From this size (in bytes) the call of `node:crypto` costs less than the JavaScript digest. */
const worthCalling = 128;
/** Bytes hashed before yielding to the event loop: about a millisecond in the slower browsers. */
const slice = 65536;

/**
 * Computes the SHA-256 of a body. Small bodies are hashed synchronously. Large bodies are hashed by WebCrypto; without WebCrypto
 * they are hashed in slices, so that the event loop is never blocked for long.
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
 * Computes the SHA-256 of a body synchronously: with `node:crypto` on Node, Deno and Bun, otherwise in JavaScript, which blocks
 * the event loop for about 5 ms per MiB.
 */
export const sha256OfBodySync = (bytes: Uint8Array): Uint8Array =>
  (bytes.length < worthCalling ? undefined : nativeSha256())?.(bytes) ?? sha256(bytes);

type Hash = (bytes: Uint8Array) => Uint8Array;
type NodeHash = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Uint8Array;
/** What is there on Node, Bun and Deno. */
type Runtime = { readonly process: { getBuiltinModule(name: string): { readonly hash: NodeHash } } };

let native: Hash | null | undefined;

/** Returns the hash function of `node:crypto`, which takes a quarter of the time of the JavaScript one; undefined if there is none. */
export function nativeSha256(): Hash | undefined {
  if (native === undefined) native = soundHash();
  return native ?? undefined;
}

/** Checked with the digest of no bytes: runtimes that imitate Node lack functions, or have some that throw or ignore the encoding. */
function soundHash(): Hash | null {
  try {
    const { hash } = (globalThis as unknown as Runtime).process.getBuiltinModule('node:crypto');
    const own: Hash = (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer'));
    return hex(own(new Uint8Array())).startsWith('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
      ? own
      : null;
  } catch {
    return null;
  }
}

/** Formats a digest as a Content-Digest field value, RFC 9530 section 2. */
export const contentDigest = (digest: Uint8Array): string => `sha-256=:${base64(digest)}:`;
