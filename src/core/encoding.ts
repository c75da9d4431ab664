const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

const pairs = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** Bytes in lower-case hex. */
export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += pairs[byte];
  return text;
}

/** Base64 with padding, RFC 4648 section 4; for digests, not for bodies. */
export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
