import { utf8 } from '../../core/encoding.ts';

/** Writes the UTF-8 bytes of a text as characters below U+0100, one for each byte. */
export const toByteText = (text: string): string => [...utf8(text)].map((byte) => String.fromCharCode(byte)).join('');
