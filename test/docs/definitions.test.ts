import { type FindingCode, lintScheme } from 'countersign/schemes';
import { expect, it } from 'vitest';
import { ready } from '../schemes/definitions/ready.ts';
import { pageNamed } from './markdown.ts';

it('the table of ready definitions has each, and what a verifier must accept of it', () => {
  const rows = pageNamed('docs/definitions.md')
    .text.split('\n')
    .map((line) => /^\| `(\w+)` .*\| (none|`[^|]+?) +\|$/.exec(line))
    .flatMap((row) => (row ? [{ exported: row[1], acceptFindings: row[2]?.match(/[\w-]+(?=`)/g) ?? [] }] : []));
  expect(rows).toEqual(ready.map(({ exported, acceptFindings }) => ({ exported, acceptFindings })));
});

it('the table of what each covers is what its findings say', () => {
  const [, chapter = ''] = pageNamed('docs/definitions.md').text.split('\n## Coverage\n');
  const lines = chapter.split('\n#')[0]?.split('\n') ?? [];
  const [head, , ...rows] = lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const codes: readonly FindingCode[] = [
    ...(['method-unsigned', 'host-unsigned', 'path-unsigned', 'query-unsigned', 'content-type-unsigned'] as const),
    ...(['body-unsigned', 'no-timestamp', 'no-nonce', 'access-key-unbound'] as const),
  ];
  expect(head).toHaveLength(codes.length + 1);
  expect(rows).toEqual(
    ready.map(({ exported, definition }) => {
      const findings = lintScheme(definition);
      return [
        `\`${exported}\``,
        ...codes.map((code) => findings.find((finding) => finding.code === code)?.severity ?? 'yes'),
      ];
    }),
  );
});
