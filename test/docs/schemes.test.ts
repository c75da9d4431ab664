import type { FindingCode, Scheme, SigningScheme } from 'countersign/schemes';
import * as door from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ready } from '../schemes/definitions/ready.ts';
import { pageNamed } from './markdown.ts';

type Row = { readonly name: string; readonly cells: Readonly<Record<string, string>> };

/** The rows of the table under a heading, by what stands in their first cell. */
function rowsUnder(heading: string): readonly Row[] {
  const [section = ''] = pageNamed('docs/schemes.md').text.split(`\n## ${heading}\n`)[1]?.split('\n## ') ?? [];
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return rows.map(([name = '', ...cells]) => ({
    name: name.replaceAll('`', ''),
    cells: Object.fromEntries(cells.map((cell, i) => [head[i + 1], cell])),
  }));
}

const aws = { region: 'eu-west-1', service: 'execute-api' };
const options: Readonly<Record<string, object>> = { sigv4: aws, presign: aws, signedLinks: { maxLifetime: 600 } };
/** What the door exports that is no scheme of its own. */
const others = [
  'combineSchemes',
  'decodeKeyId',
  'defineScheme',
  'encodeKeyId',
  'generateWebhookSecret',
  'lintScheme',
  'wantedSignature',
  // docs/definitions.md has a table of these.
  ...ready.map(({ exported }) => exported),
];
const names = Object.keys(door).filter((name) => !others.includes(name));

function schemeNamed(name: string): SigningScheme & Partial<Scheme> {
  const found: unknown = Object.entries(door).find(([one]) => one === name)?.[1];
  const made: unknown = typeof found === 'function' ? found(options[name] ?? {}) : found;
  return made as SigningScheme & Partial<Scheme>;
}

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

describe.each(['Coverage', 'Features'])('the table "%s"', (heading) => {
  it('has a row for each scheme that countersign/schemes exports', () => {
    expect(
      rowsUnder(heading)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...names].sort());
  });
});

describe.each(rowsUnder('Coverage'))('what $name covers', ({ name, cells }) => {
  it('is what its findings say', () => {
    const { findings = [] } = schemeNamed(name);
    const severities = Object.entries(columns).map(([column, code]) => [
      column,
      findings.find((finding) => finding.code === code)?.severity ?? 'yes',
    ]);
    expect(cells).toEqual(Object.fromEntries(severities));
  });
});

describe.each(rowsUnder('Features'))('what goes with $name', ({ name, cells }) => {
  const scheme = schemeNamed(name);

  it('are further headers as the scheme takes them', () => {
    const takes = () => (scheme.signableHeaders(['x-tenant']).length ? 'any' : 'none');
    if (cells['further headers'] === 'none') expect(takes).toThrow();
    else expect(takes()).toBe(cells['further headers']);
  });

  it('are public keys and signed responses where the scheme has them', () => {
    expect([cells['public keys'], cells['responses signed']]).toEqual([
      scheme.publicKeys ? 'yes' : 'no',
      scheme.response ? 'yes' : 'no',
    ]);
  });

  it('is a client of the size to which the package is held', () => {
    // The default comes with the signer.
    const imports =
      name === 'countersignV1'
        ? '{ createSigner }'
        : { 'dist/index.js': '{ createSigner }', 'dist/schemes.js': `{ ${name} }` };
    const entry = manifest['size-limit'].find((one) => JSON.stringify(one.import) === JSON.stringify(imports));
    expect(cells['client with it']).toBe(`${Math.ceil(Number.parseFloat(entry?.limit ?? '') / 100) / 10} kB`);
  });
});
