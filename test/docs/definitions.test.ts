import { expect, it } from 'vitest';
import { ready } from '../schemes/definitions/ready.ts';
import { pageNamed } from './markdown.ts';

it('the table of ready definitions has each, and what a verifier must accept of it', () => {
  const rows = pageNamed('docs/definitions.md')
    .text.split('\n')
    .map((line) => /^\| `(\w+)` .*\| ([^|]+?) +\|$/.exec(line))
    .flatMap((row) => (row ? [{ exported: row[1], accept: row[2]?.match(/[\w-]+(?=`)/g) ?? [] }] : []));
  expect(rows).toEqual(ready.map(({ exported, accept }) => ({ exported, accept })));
});
