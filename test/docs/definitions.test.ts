import { expect, it } from 'vitest';
import { readyApis } from '../schemes/definitions/ready-apis.ts';
import { readyWebhooks } from '../schemes/definitions/ready-webhooks.ts';
import { coverageTable, readyTable } from './definition-tables.ts';
import { pageNamed } from './markdown.ts';

it.each([
  { heading: 'Webhooks', table: readyTable(readyWebhooks) },
  { heading: 'APIs', table: readyTable(readyApis) },
  { heading: 'Coverage', table: coverageTable(readyApis) },
])(
  'the table "$heading" is what the catalogue says: npx tsx test/docs/definition-tables.ts prints it',
  ({ heading, table }) => {
    const [, chapter = ''] = pageNamed('docs/definitions.md').text.split(`\n## ${heading}\n`);
    const lines = chapter.split('\n#')[0]?.split('\n') ?? [];
    expect(lines.filter((line) => line.startsWith('|'))).toEqual(table);
  },
);
