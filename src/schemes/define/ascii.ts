// Languages differ in Unicode's letters, blanks and order, so filters know ASCII only: ports of a scheme agree in every byte.

/** Converts `A`–`Z` to lower case. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (found) => found.toLowerCase());

/** Converts `a`–`z` to upper case. */
export const upperAscii = (text: string): string => text.replace(/[a-z]+/g, (found) => found.toUpperCase());

const blanks = '\t\n\v\f\r ';

/** Removes spaces, tabs, line feeds, vertical tabs, form feeds and carriage returns from both ends. */
export function trimAscii(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && blanks.includes(text.charAt(start))) start++;
  while (start < end && blanks.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Replaces each run of the blanks that `trimAscii` removes with one space. */
export const collapseAscii = (text: string): string => text.replace(/[\t\n\v\f\r ]+/g, ' ');

/** Keeps the first characters. A character is a Unicode code point. */
export const truncateText = (text: string, length: number): string =>
  /[\ud800-\udbff]/.test(text) ? [...text].slice(0, length).join('') : text.slice(0, length);

// In UTF-16, surrogates are below U+E000, although they stand for code points above U+FFFF.
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Compares by code points, which is the order of the UTF-8 bytes. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference) return difference;
  }
  return a.length - b.length;
}
