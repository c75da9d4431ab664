/** A header as it is written in a line: `Accept: text/plain`. */
export type HeaderLine = { readonly name: string; readonly value: string };

/**
 * A line as a header, without the blanks around its value (RFC 9112 section 5); undefined for what is none. The blanks are not
 * looked for by an expression, which begins anew at each of thousands of them.
 */
export function headerLineIn(line: string): HeaderLine | undefined {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):(.*)$/s.exec(line) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value: withoutBlanks(value) };
}

function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t';
