const encoder = new TextEncoder();

/** Encodes text as UTF-8. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** Decodes UTF-8 completely: by default a TextDecoder drops a leading U+FEFF as a byte order mark. */
export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

let shared = new Uint8Array(0);
let used = 0;

/**
 * Returns the bytes to sign. Short texts are encoded into a shared buffer, because allocating one costs up to a third of the HMAC.
 * No byte of that buffer is written twice, so earlier results stay valid.
 */
export function bytesToSign(text: string | Uint8Array): Uint8Array {
  if (typeof text !== 'string') return text;
  // Some versions of React Native have a TextEncoder without encodeInto.
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

/** Encodes bytes as lower-case hex. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += pairs[bytes[i] ?? 0];
  return text;
}

/** Encodes bytes as base64 with padding, RFC 4648 section 4. For digests: a body would exceed the argument limit of a call. */
export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Encodes bytes as base64url without padding, RFC 4648 section 5. For digests, not for bodies, like {@link base64}. */
export const base64url = (bytes: Uint8Array): string => urlSafe(base64(bytes));

/** Converts base64 to base64url without padding. */
export const urlSafe = (text: string): string =>
  text.replace(/[+/=]/g, (found) => ({ '+': '-', '/': '_' })[found] ?? '');

/** Decodes base64 or base64url, with or without padding. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const decoded = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const bytes = new Uint8Array(decoded.length);
  for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
  return bytes;
}

/** Decodes lower-case hex. The caller has checked the form. */
export function decodeHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  return bytes;
}

// The lower four bits of "0" to "9" are the digit; those of "a" to "f" are 1 to 6, and bit 6 is set.
const digit = (code: number): number => (code & 15) + 9 * (code >> 6);
