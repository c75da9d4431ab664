// Prints the tables of docs/definitions.md: npx tsx test/docs/definition-tables.ts
import { fileURLToPath } from 'node:url';
import { type FindingCode, lintScheme } from 'countersign/schemes';
import type { Ready } from '../schemes/definitions/entry.ts';
import { readyApis } from '../schemes/definitions/ready-apis.ts';
import { readyWebhooks } from '../schemes/definitions/ready-webhooks.ts';

const columns: Readonly<Record<string, FindingCode>> = {
  method: 'method-unsigned',
  host: 'host-unsigned',
  path: 'path-unsigned',
  query: 'query-unsigned',
  'content type': 'content-type-unsigned',
  body: 'body-unsigned',
  time: 'no-timestamp',
  nonce: 'no-nonce',
  'access key': 'access-key-unbound',
};

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>): readonly string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells)),
];

const code = (text: string): string => `\`${text}\``;

/** What the signature covers, by the names of the columns. */
function coveredBy({ definition }: Ready): string {
  const open = lintScheme(definition).map((finding) => finding.code);
  return Object.keys(columns)
    .filter((name) => !open.includes(columns[name] as FindingCode))
    .filter((name) => name !== 'access key')
    .join(', ');
}

/** The catalogue: what is signed, and what speaks for it. */
export const readyTable = (entries: readonly Ready[]): readonly string[] =>
  table(
    ['definition', 'for', 'signed', 'secret', 'valid for', 'tested against', '`acceptFindings`'],
    entries.map((entry) => [
      code(entry.exported),
      entry.source ? `[${entry.provider}](https://${entry.source})` : entry.provider,
      coveredBy(entry) || 'nothing of the request',
      entry.secret,
      entry.window,
      entry.proof,
      entry.acceptFindings.map(code).join(', ') || 'none',
    ]),
  );

/** The severity of each gap. */
export const coverageTable = (entries: readonly Ready[]): readonly string[] =>
  table(
    ['definition', ...Object.keys(columns)],
    entries.map(({ exported, definition }) => {
      const findings = lintScheme(definition);
      const severity = (wanted: FindingCode) => findings.find((finding) => finding.code === wanted)?.severity ?? 'yes';
      return [code(exported), ...Object.values(columns).map(severity)];
    }),
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const lines of [readyTable(readyWebhooks), readyTable(readyApis), coverageTable(readyApis)]) {
    console.log(`${lines.join('\n')}\n`);
  }
}
