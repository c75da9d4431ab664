/**
 * The beginning of a text that somebody else sent, for messages, audit and logs. What is left out is counted, and what could
 * break a line or hide in it becomes `?`.
 *
 * @param most in characters. @default 64
 */
export function excerpt(text: string, most = 64): string {
  const shown = text.slice(0, most).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > most ? `${shown}... (${text.length} characters)` : shown;
}
