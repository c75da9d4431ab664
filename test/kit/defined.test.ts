import { readdirSync } from 'node:fs';
import { createKit, type KitLanguage } from 'countersign/kit';
import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { partner } from '../schemes/define/rig.ts';
import { ready } from '../schemes/definitions/ready.ts';
import { clients, run, unpack } from './tools.ts';

vi.setConfig({ testTimeout: 120_000 });

const emitting: readonly KitLanguage[] = ['python'];
const able = clients.filter(({ language }) => emitting.includes(language));

const allAgree = /^([1-9]\d*) of \1 cases agree\n$/;

/** Runs the cases of a kit, which the package has signed, through the client that the kit contains. */
async function check(definition: SchemeDefinition, { language, command }: (typeof clients)[number]) {
  const folder = unpack(createKit({ origin: 'https://api.example.com', definition, languages: [language] }));
  const cases = readdirSync(`${folder.path}/vectors/plain`).map((one) => `../../vectors/plain/${one}`);
  const { output } = await run([...command, 'check', ...cases], `${folder.path}/clients/${language}`);
  folder.remove();
  return output;
}

const all = [...ready.map(({ definition }) => definition), partner];

describe.each(able)('a client of a defined scheme in $language', (client) => {
  it.each(all)('of $name makes what the package makes', async (definition) => {
    expect(await check(definition, client)).toMatch(allAgree);
  });
});

const carried = { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}', 'X-Signature': '{signature}' };
const onText = [
  'lower',
  'upper',
  'trim',
  'collapse',
  'before:/',
  'truncate:7',
  'rfc3986',
  'form',
  'hex',
  'base64',
  'base64url',
];
const hashes = ['sha256|hex', 'sha384|base64', 'sha512|base64url', 'sha1|hex', 'md5|base64'];
const onQuery = ['sort', 'sort:name', 'sort:text', 'decode', 'rfc3986', 'form', ...onText, ...hashes];
const values = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'method',
      'scheme',
      'authority',
      'host',
      'port',
      'target',
      'url',
      'nonce',
      'header.content-type|default:none',
    ),
    fc.subarray([...onText, ...hashes], { maxLength: 2 }),
  ),
  fc.tuple(fc.constant('query'), fc.subarray(onQuery, { maxLength: 3 })),
  fc.tuple(fc.constant('query|default:a=1'), fc.subarray(onQuery, { maxLength: 2 })),
  fc.tuple(fc.constant('path'), fc.subarray(['decode', 'rfc3986', ...onText, ...hashes], { maxLength: 3 })),
  fc.tuple(
    fc.constantFrom('body', 'body|only:POST,PATCH', 'body|truncate:9'),
    fc.constantFrom([], ...hashes.map((one) => [one]), ['hex'], ['base64', 'upper']),
  ),
  fc.tuple(fc.constantFrom('value.one', 'value.two'), fc.subarray(['lower', ...hashes], { maxLength: 1 })),
);
const part = values.map(([field, filters]) => `{${[field, ...filters].join('|')}}`);
const optional = fc.constantFrom(
  '[ q={query|sort}]',
  '[{header.content-type|lower};]',
  '[\n{body|sha256|hex}]',
  '[<{value.two}>]',
);
const template = fc.array(fc.oneof({ weight: 4, arbitrary: part }, optional), { minLength: 1, maxLength: 5 });

/** Definitions of any form that `defineScheme` accepts. */
const definitions: fc.Arbitrary<SchemeDefinition> = fc
  .record({
    stringToSign: template.map((parts) => `${parts.join('\n')}\n{timestamp}`),
    values: fc.record({
      one: part.filter((one) => !one.includes('value.')).map((one) => `é${one}!`),
      two: fc.constant('{header.content-type|default:-}:{body|sha256|base64}'),
    }),
    algorithm: fc.constantFrom(
      'hmac-sha256' as const,
      'hmac-sha384' as const,
      'hmac-sha512' as const,
      'hmac-sha1' as const,
    ),
    signature: fc.constantFrom(
      'hex' as const,
      'hex-upper' as const,
      'base64' as const,
      'base64url' as const,
      'base64-of-hex' as const,
    ),
    secret: fc.constantFrom('utf8' as const, 'hex' as const, 'base64' as const, 'base64url' as const),
    timestamp: fc.constantFrom<NonNullable<SchemeDefinition['timestamp']>>(
      'unix-seconds',
      'unix-milliseconds',
      'iso-8601',
      'imf-fixdate',
      { pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}.{SSS}' },
    ),
    nonce: fc.constantFrom<NonNullable<SchemeDefinition['nonce']>>(
      'hex',
      'uuid',
      { form: 'digits', min: 1, max: 40 },
      { form: 'base64url', min: 8, max: 8 },
    ),
    key: fc.option(
      fc.constantFrom(
        { steps: ['{timestamp}', 'x'] },
        { prefix: 'P1', steps: ['{method}'], encoding: 'base64' as const },
      ),
      { nil: undefined },
    ),
    query: fc.option(fc.constantFrom({ key: '{accessKey}', sig: '{signature|rfc3986}' }), { nil: undefined }),
  })
  .map(({ key, query, ...rest }) => ({
    name: 'random',
    ...rest,
    headers: query ? { 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}' } : carried,
    ...(key && { key }),
    ...(query && { query }),
  }))
  .filter((definition) => {
    try {
      return defineScheme(definition).name === 'random';
    } catch {
      return false;
    }
  });

/** Definitions that each add something to the ones before. */
const odd: readonly SchemeDefinition[] = [
  {
    name: 'chosen',
    signedHeaders: { separator: ';', line: '{name}:{value}\n' },
    stringToSign: '{timestamp}\n{nonce}\n{signedHeaderLines|default:none}\n{signedHeaders|default:}',
    headers: { ...carried, 'X-Names': '[{signedHeaders}]' },
  },
  {
    name: 'raw',
    stringToSign: '{timestamp}[.{body}]',
    headers: { Signature: 't={timestamp},v1={signature|list:,v1=}' },
  },
  {
    name: 'ascii',
    stringToSign: 'ü{path|decode|lower}\n{query|decode|truncate:3}\n{timestamp}',
    headers: { 'X-Signature': '{timestamp}:{signature}' },
  },
];

describe.each(able)('a client of a defined scheme in $language', (client) => {
  it.each(odd)('of $name makes what the package makes', async (definition) => {
    expect(await check(definition, client)).toMatch(allAgree);
  });

  it('makes what the package makes, whatever is defined', async () => {
    await fc.assert(
      fc.asyncProperty(definitions, async (definition) => {
        expect(await check(definition, client)).toMatch(allAgree);
      }),
      { numRuns: 25 },
    );
  });
});
