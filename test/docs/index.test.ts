import { expect, it } from 'vitest';
import { headingsOf, linksOf, pageNamed, pages, proseOf } from './markdown.ts';

const index = pageNamed('docs/index.md');

it('docs/index.md has four shelves', () => {
  expect(headingsOf(index).map(({ title }) => title)).toEqual([
    'Documentation',
    'Use',
    'Operate',
    'Integrate',
    'Reference',
  ]);
});

it('docs/index.md has one line for each page, with the title of the page', () => {
  const listed = proseOf(index)
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => /^- \[(.+)\]\((.+)\): \S/.exec(line))
    .map((match) => [match?.[2], match?.[1]]);
  const titled = pages
    .filter(({ path }) => path.startsWith('docs/') && path !== index.path)
    .map((page) => [page.path.replace('docs/', ''), headingsOf(page)[0]?.title]);
  expect(listed.sort()).toEqual(titled.sort());
});

it('the README leads to docs/index.md', () => {
  expect(linksOf(pageNamed('README.md'))).toContain('docs/index.md');
});
