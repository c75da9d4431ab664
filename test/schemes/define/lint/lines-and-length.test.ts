import { lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { expect, it } from 'vitest';
import { whole } from './definitions.ts';

const highIn = (definition: SchemeDefinition) =>
  lintScheme(definition)
    .filter(({ severity }) => severity === 'high')
    .map(({ code }) => code);

it.each([
  ['{query|lines}', 'low'],
  ['{query|decode|lines}', 'low'],
  ['{query|decode|merge:,|sort|lines}', 'medium'],
  ['{query|decode|lower|lines}', undefined],
  ['{query|decode|join:&|lower}', 'high'],
])('knows that lines keep the parameters of a query apart: %s', (query, severity) => {
  const stringToSign = whole.stringToSign.replace('{query}', query);
  const lint = () => lintScheme({ ...whole, stringToSign }).find(({ code }) => code === 'query-unsigned')?.severity;
  if (severity) expect(lint()).toBe(severity);
  else expect(lint).toThrow('lines is only for the query');
});

it('signs nothing of a digest by its length', () => {
  const stringToSign = whole.stringToSign.replace('{body|sha256|hex}', '{body|sha256|length}');
  expect(highIn({ ...whole, stringToSign })).toContain('weak-hash');
});
