/**
 * Returns the beginning of a text from an untrusted sender, for messages, audit and logs, with the full length if it was cut.
 * Everything but printable ASCII becomes `?`: it could break a line or be invisible there. A plain range is used, because not
 * every engine supports Unicode classes.
 *
 * @param most in characters. @default 64
 */
export function excerpt(text: string, most = 64): string {
  const shown = text.slice(0, most).replace(/[^ -~]/g, '?');
  return text.length > most ? `${shown}... (${text.length} characters)` : shown;
}
