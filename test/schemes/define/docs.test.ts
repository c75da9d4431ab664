import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodings } from '../../../src/schemes/define/encodings.ts';
import { fields } from '../../../src/schemes/define/fields.ts';
import { filterRules } from '../../../src/schemes/define/filters.ts';
import { macSizes } from '../../../src/schemes/define/keys.ts';
import { nonceNames } from '../../../src/schemes/define/nonce.ts';
import { timestampFields, timestampNames } from '../../../src/schemes/define/timestamp.ts';

const page = readFileSync(new URL('../../../docs/define-a-scheme.md', import.meta.url), 'utf8');

it.each([
  ['field', [...fields.keys(), ...timestampFields].map((name) => `\`{${name}}\``)],
  [
    'form',
    [...Object.keys(encodings), ...Object.keys(macSizes), ...nonceNames, ...timestampNames].map(
      (name) => `\`${name}\``,
    ),
  ],
])('every %s is in docs/define-a-scheme.md', (_, names) => {
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});

it('every filter is in docs/define-a-scheme.md', () => {
  const names = [...filterRules.keys()];
  expect(names.filter((name) => !new RegExp(`^\\| .*\`${name}[:\`].* \\|`, 'm').test(page))).toEqual([]);
});
