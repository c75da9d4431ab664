/**
 * A text in which nothing is invisible: control characters, tabs, odd spaces and what has no width are named, as are blanks
 * at both ends, and more than one in a row. All else stays, so that it can be read and copied.
 */
export const visible = (text: string): string =>
  text
    .replace(/^ +| +$| {2,}/g, (blanks) => '·'.repeat(blanks.length))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?! )\p{Zs}/gu, named);

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // The pictures that Unicode has for control characters.
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return code === 127 ? '␡' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
