import { base64url, decodeBase64, hex } from '../encoding.ts';

/**
 * The y coordinates of the Ed25519 points whose order divides 8, in hex, little-endian, without the sign of x (RFC 8032 section 5.1.2).
 * With such a key, anyone can make signatures that some implementations accept.
 */
const smallOrder =
  /^(?:0[01]0{62}|ecf{60}7f|26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05|c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a)$/;

/** The same for y of the prime of the field or more: another spelling of a point (RFC 8032 section 5.1.3). */
const beyondField = /^(?:e[d-f]|f.)f{60}7f$/;

/**
 * Reads the public key that a session is bound to, in base64url without padding: the 32 bytes of an Ed25519 key (RFC 8032 section
 * 5.1.5), or the 65 bytes of an uncompressed P-256 point (SEC 1 section 2.3.3). The length determines the algorithm. Returns undefined
 * for anything else, for Ed25519 points of small order, and for another spelling. Whether a P-256 point lies on the curve is found out
 * when it is imported.
 */
export function readPublicKey(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== 'string' || !/^(?:[\w-]{43}|[\w-]{87})$/.test(text)) return undefined;
  const bytes = decodeBase64(text);
  if (base64url(bytes) !== text) return undefined;
  return isSoundKey(bytes) ? bytes : undefined;
}

function isSoundKey(bytes: Uint8Array): boolean {
  if (bytes.length === 65) return bytes[0] === 4;
  const y = Uint8Array.from(bytes);
  y[31] = (y[31] ?? 0) & 0x7f;
  const text = hex(y);
  return !smallOrder.test(text) && !beyondField.test(text);
}
