import { describe, expect, it } from 'vitest';
import { repositoryFiles, textOf } from '../architecture/sources.ts';
import { blocksOf, pages, proseOf } from './markdown.ts';

/** Words that make a sentence hard to read, each with the reason. */
const words: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/\b(who|what|where)(so)?ever\b/i, 'name the subject: "anyone", "a caller", "a value"'],
  [/\banswer(s|ed|ing)?\b/i, 'HTTP has responses: "the response is 403", "the server responds"'],
  [/\b(tells?|told|hears?|heard)\b(?! apart)/i, 'code does not talk: "returns", "reports", "names", "is called with"'],
  [/\bin (its|their) stead\b|\bin place of what\b/i, 'archaic: "instead"'],
  [/\bby (its|their) own word\b/i, 'archaic: "as the signature states"'],
  [/\bgoes? between\b/i, 'name what is wrapped or called'],
  [/\b(is|are) (not )?to be had\b/i, 'archaic: "is available", "is not supported"'],
  [/\bholds? (it )?against\b|\bheld against\b/i, 'say "compares with" or "tested against"'],
  [/\bon the way\b/i, 'say "in transit", or "anyone in between"'],
  [/\bas it stands?\b|\bas they (stood|stand)\b/i, 'say "as received" or "as on the wire"'],
];

const linesWith = (pattern: RegExp, text: string): readonly string[] =>
  text
    .replace(/`[^`\n]*`/g, '')
    .split('\n')
    .filter((line) => pattern.test(line));

describe.each(pages)('$path', (page) => {
  it.each(words)('has none of %s: %s', (pattern) => {
    const comments = blocksOf(page).map(({ code }) => commentsOf(code));
    expect(linesWith(pattern, [proseOf(page), ...comments].join('\n'))).toEqual([]);
  });
});

describe('a comment of the sources', () => {
  const sources = repositoryFiles().filter((path) => /^(src|docs\/(demo|example))\/.*\.ts$/.test(path));
  const comments = sources.map((path) => commentsOf(textOf(path))).join('\n');

  it.each(words)('has none of %s: %s', (pattern) => {
    expect(linesWith(pattern, comments)).toEqual([]);
  });
});

/** The comments of code in TypeScript and shells, a line each. */
function commentsOf(code: string): string {
  const found = code.matchAll(/^[ \t]*(?:\/\*|\*|#).*|(?<![:'"`\w])\/\/ (?!→).*/gm);
  return [...found].map(([comment]) => comment).join('\n');
}
