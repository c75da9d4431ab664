import { describe, expect, it } from 'vitest';
import { pages, proseOf } from './markdown.ts';

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

/** Pages whose text is still in older words. */
const unread = new Set(['README.md', 'docs/architecture.md']);

describe.each(pages.filter(({ path }) => !unread.has(path)))('$path', (page) => {
  it.each(words)('has none of %s: %s', (pattern) => {
    const text = proseOf(page).replace(/`[^`]*`/g, '');
    expect(text.split('\n').filter((line) => pattern.test(line))).toEqual([]);
  });
});

it('each page that is excepted has one of the words', () => {
  const clean = pages.filter(
    (page) => unread.has(page.path) && !words.some(([pattern]) => pattern.test(proseOf(page).replace(/`[^`]*`/g, ''))),
  );
  expect(clean.map(({ path }) => path)).toEqual([]);
});
