import { decodeBase64, decodeHex, decodeUtf8, hex, urlSafe, utf8 } from '../../core/encoding.ts';
import type { DefinedEncoding } from './definition.ts';

/** Writes bytes as text, and reads them strictly. */
export type Encoding = {
  write(bytes: Uint8Array): string;
  /** Reads a text that matches the pattern. The caller must check that `write` produces the same text. */
  read(text: string): Uint8Array;
  /** The pattern of this number of bytes. */
  pattern(size: number): string;
  /** The characters in use, in the syntax of a character class. */
  readonly characters: string;
};

/** Encodes any number of bytes as base64 with padding, RFC 4648 section 4. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** Encodes any number of bytes as base64url without padding, RFC 4648 section 5. */
export const base64url = (bytes: Uint8Array): string => urlSafe(base64(bytes));

const base64Pattern = (size: number): string =>
  `[A-Za-z\\d+/]{${Math.ceil((size * 4) / 3)}}${'='.repeat((3 - (size % 3)) % 3)}`;

/** By the name used in `signature` of a definition. */
export const encodings: Readonly<Record<DefinedEncoding, Encoding>> = {
  hex: { write: hex, read: decodeHex, pattern: (size) => `[\\da-f]{${2 * size}}`, characters: '\\da-f' },
  'hex-upper': {
    write: (bytes) => hex(bytes).toUpperCase(),
    read: (text) => decodeHex(text.toLowerCase()),
    pattern: (size) => `[\\dA-F]{${2 * size}}`,
    characters: '\\dA-F',
  },
  base64: { write: base64, read: decodeBase64, pattern: base64Pattern, characters: 'A-Za-z\\d+/=' },
  base64url: {
    write: base64url,
    read: decodeBase64,
    pattern: (size) => `[\\w-]{${Math.ceil((size * 4) / 3)}}`,
    characters: '\\w\\-',
  },
  'base64-of-hex': {
    write: (bytes) => base64(utf8(hex(bytes))),
    read(text) {
      const digits = decodeUtf8(decodeBase64(text));
      return /^[\da-f]*$/.test(digits) ? decodeHex(digits) : new Uint8Array();
    },
    pattern: (size) => base64Pattern(2 * size),
    characters: 'A-Za-z\\d+/=',
  },
};
