import { expect, it } from 'vitest';
import { leftOut } from '../left-out.ts';
import { repositoryFiles } from './sources.ts';

const files = repositoryFiles();

/** The files that a pattern of `*` and `{a,b}` means. */
const matching = (pattern: string, paths: readonly string[]): readonly string[] => {
  const source = pattern
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replace(/\{([^}]*)\}/g, (_, parts: string) => `(?:${parts.replaceAll(',', '|')})`);
  return paths.filter((path) => new RegExp(`^${source}$`).test(path));
};

it.each(leftOut)('%s, which npm test leaves out, is a test that exists', (pattern) => {
  expect(matching(pattern, files).filter((path) => path.endsWith('.test.ts'))).not.toEqual([]);
});

it('sees a pattern that matches nothing any more', () => {
  expect(matching('test/a/{b,c}*.test.ts', ['test/a/c-d.test.ts', 'test/a/e/b.test.ts'])).toEqual([
    'test/a/c-d.test.ts',
  ]);
  expect(matching('test/a/gone*.test.ts', ['test/a/c.test.ts'])).toEqual([]);
});
