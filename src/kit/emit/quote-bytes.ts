import { toByteText } from './to-byte-text.ts';

/**
 * Writes a literal of bytes as PHP, Ruby and Perl read it: in single quotes, where nothing is replaced; in double quotes with
 * escapes if some bytes are not printable ASCII.
 */
export function quoteBytes(text: string): string {
  if (/^[ -~]*$/.test(text)) return `'${text.replace(/[\\']/g, '\\$&')}'`;
  const escaped = [...toByteText(text)].map((byte) => {
    if (/[\w ,;:./=-]/.test(byte)) return byte;
    return byte === '\n' ? '\\n' : `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
