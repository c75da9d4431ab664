/**
 * The beginning of a text that somebody else sent, for messages, audit and logs. What is left out is counted. Everything
 * but printable ASCII becomes `?`: it could break a line or hide in it, and not every engine knows classes of Unicode.
 *
 * @param most in characters. @default 64
 */
export function excerpt(text: string, most = 64): string {
  const shown = text.slice(0, most).replace(/[^ -~]/g, '?');
  return text.length > most ? `${shown}... (${text.length} characters)` : shown;
}
