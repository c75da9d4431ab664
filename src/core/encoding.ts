const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** The text of UTF-8 bytes, whole: a decoder by default takes U+FEFF at the front for a byte order mark, and drops it. */
export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

let shared = new Uint8Array(0);
let used = 0;

/**
 * The bytes that are signed. Short texts share a buffer, because making one costs as much as a third of the
 * HMAC; no byte of it is written twice.
 */
export function bytesToSign(text: string | Uint8Array): Uint8Array {
  if (typeof text !== 'string') return text;
  // React Native has had TextEncoders without encodeInto.
  if (text.length > 1365 || !encoder.encodeInto) return utf8(text);
  if (shared.length < used + 4096) {
    shared = new Uint8Array(16384);
    used = 0;
  }
  const start = used;
  used += encoder.encodeInto(text, shared.subarray(start)).written;
  return shared.subarray(start, used);
}

const pairs = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** Bytes in lower-case hex. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += pairs[bytes[i] ?? 0];
  return text;
}

/** Base64 with padding, RFC 4648 section 4; for digests, not for bodies. */
export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Base64url without padding, RFC 4648 section 5; for digests, not for bodies. */
export const base64url = (bytes: Uint8Array): string => urlSafe(base64(bytes));

/** Base64 as base64url writes it. */
export const urlSafe = (text: string): string =>
  text.replace(/[+/=]/g, (found) => ({ '+': '-', '/': '_' })[found] ?? '');

/** The bytes of base64 or base64url, with or without padding. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const decoded = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const bytes = new Uint8Array(decoded.length);
  for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
  return bytes;
}

/** The bytes of lower-case hex whose form has been checked. */
export function decodeHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digitAt(text, 2 * i) << 4) | digitAt(text, 2 * i + 1);
  return bytes;
}

// "0" is 48, "a" is 97.
function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}
