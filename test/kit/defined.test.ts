import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arrayBuffer } from 'node:stream/consumers';
import { createKit, createKitServer, type KitLanguage, type KitServer } from 'countersign/kit';
import { receivedFromNode } from 'countersign/node';
import { binanceSpot, defineScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { kitLanguages } from '../../src/kit/languages.ts';
import { partner } from '../schemes/define/rig.ts';
import { ready } from '../schemes/definitions/ready.ts';
import { clients, run, unpack } from './tools.ts';

vi.setConfig({ testTimeout: 120_000 });

/** The clients of languages in which one of a defined scheme can be written. */
const able = clients.filter(({ language }) => kitLanguages(partner).includes(language));

const allAgree = /^([1-9]\d*) of \1 cases agree\n$/;

/** Runs the cases of a kit, which the package has signed, through the client that the kit contains. */
async function check(definition: SchemeDefinition, { language, command, build }: (typeof clients)[number]) {
  const folder = unpack(createKit({ origin: 'https://api.example.com', definition, languages: [language] }));
  const cases = readdirSync(`${folder.path}/vectors/plain`).map((one) => `../../vectors/plain/${one}`);
  const place = `${folder.path}/clients/${language}`;
  const built = build ? await run(build, place) : undefined;
  const { output } = built?.status ? built : await run([...command, 'check', ...cases], place);
  folder.remove();
  return output;
}

/** What a language lacks: Bash numbers of 128 bits and texts with all bytes, Rust crates for old hashes. */
const lacks: Readonly<Partial<Record<KitLanguage, RegExp>>> = {
  bash: /"digits"|\{body[^}]*\|(?:after|before):/,
  rust: /sha1|md5/,
};

const canSay =
  ({ language }: (typeof clients)[number]) =>
  (definition: SchemeDefinition): boolean =>
    !lacks[language]?.test(JSON.stringify(definition)) && !/\|(?:lines|length)\}/.test(JSON.stringify(definition));

const all = [...ready.map(({ definition }) => definition), partner];

describe.each(able)('a client of a defined scheme in $language', (client) => {
  it.each(all.filter(canSay(client)))('of $name makes what the package makes', async (definition) => {
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
  'after:a',
  'truncate:7',
  'rfc3986',
  'form',
  'hex',
  'base64',
  'base64url',
];
const hashes = ['sha256|hex', 'sha384|base64', 'sha512|base64url', 'sha1|hex', 'md5|base64'];
const onQuery = [
  'sort',
  'sort:name',
  'sort:text',
  'merge:,',
  'merge:',
  'join:',
  'join:&',
  'decode',
  'rfc3986',
  'form',
  ...onText,
  ...hashes,
];
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
    fc.constantFrom(
      [],
      ...hashes.map((one) => [one]),
      ['hex'],
      ['base64', 'upper'],
      ['sha256'],
      ['sha512', 'truncate:7'],
      ['after:a'],
      ['before:a'],
    ),
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
    name: 'alike',
    values: { a_b: '{method}', a__b: '{path}' },
    stringToSign: '{value.a_b|lower} {value.a__b} {header.x-d}{header.x_d} {timestamp}',
    headers: { 'X-D': '{timestamp}', X_D: '{nonce}', Signature: '{signature}' },
  },
  {
    name: 'named',
    values: { a_b: '1{query}', a__b: '2{path}' },
    stringToSign: '{header.value}{header.x-d}{header.x_d}[{value.a_b}]{value.a__b}',
    headers: { Value: 'v{timestamp}', 'X-D': 'd{timestamp}', X_D: 'D{timestamp}', Signature: '{signature}' },
  },
  {
    name: 'ascii',
    stringToSign: 'ü{path|decode|lower}\n{query|decode|truncate:3}\n{timestamp}',
    headers: { 'X-Signature': '{timestamp}:{signature}' },
  },
  {
    name: 'hashed',
    algorithm: 'sha512',
    secret: 'base64',
    signature: 'base64',
    stringToSign: '{{secret}}{timestamp}[{query}]{secret}[{header.content-type}]\n{body}',
    headers: { 'X-Signature': '{timestamp}:{signature}' },
  },
  {
    name: 'hashed-last',
    algorithm: 'md5',
    signature: 'hex-upper',
    stringToSign: '{body}{timestamp}{secret}',
    headers: { 'X-Signature': '{timestamp}:{signature}' },
  },
  {
    name: 'hashed-first',
    algorithm: 'sha1',
    secret: 'hex',
    stringToSign: '{secret}{timestamp}{target}',
    headers: { 'X-Signature': '{timestamp}:{signature}' },
  },
];

/** A server that listens while something is done. */
async function atServer(server: KitServer, use: (origin: string) => Promise<void>): Promise<void> {
  const listening = createServer(async (request, response) => {
    const made = await server.handle(receivedFromNode(request, { body: new Uint8Array(await arrayBuffer(request)) }));
    response.writeHead(made.status, [...made.headers].flat());
    response.end(new Uint8Array(await made.arrayBuffer()));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  await use(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  listening.close();
}

/** With different queries: a scheme that signs the query alone, and the time in seconds, refuses another like it as a replay. */
const targets = [
  '/orders?b=2&a=%20',
  '/orders?q=a%20b&r=a%2Bb&city=K%C3%B6ln&ids[]=1',
  "/orders?q='a'&a=1&a=2&b=",
  '/files/a%2Fb?c=1',
  '/files/a%7Eb/%2e/c?x=%7e',
  '?q=1',
];

describe.each(able)('a client of a defined scheme in $language', (client) => {
  it.each([partner, binanceSpot])(
    'of $name is accepted, at a retry too, and follows no redirect',
    async (definition) => {
      const kit = createKit({ origin: 'https://api.example.com', definition, languages: [client.language] });
      const folder = unpack(kit);
      if (client.build) await run(client.build, `${folder.path}/clients/${client.language}`);
      const server = createKitServer({ credentials: JSON.parse(kit['credentials.json'] ?? ''), definition });
      await atServer(server, async (origin) => {
        const call = (...args: readonly string[]) =>
          run([...client.command, 'call', ...args], `${folder.path}/clients/${client.language}`);
        for (const target of targets) {
          // The URI class of Java refuses brackets that are not escaped.
          const sent = client.language === 'java' ? target.replace('[]', '%5B%5D') : target;
          const { status, output } = await call('GET', origin + sent);
          expect([target, status, output]).toEqual([target, 0, expect.stringMatching(/^200\n/)]);
        }
        expect(await call('POST', `${origin}/orders`, 'application/json', '{"city":"Köln"}')).toMatchObject({
          status: 0,
        });
        // Without a nonce, the milliseconds make the second attempt another request.
        expect(await call('GET', `${origin}/kit/retry`)).toMatchObject({ status: 0 });
        if (definition === partner) {
          // It may have been carried out.
          expect((await call('POST', `${origin}/kit/retry`)).output).toMatch(/^503\n/);
        }
        expect((await call('GET', `${origin}/kit/redirect-other`)).output).toMatch(/^307\n/);
      });
      folder.remove();
      expect(server.scenarios().filter(({ state }) => state === 'failed')).toEqual([]);
    },
  );

  it.each(odd.filter(canSay(client)))('of $name makes what the package makes', async (definition) => {
    expect(await check(definition, client)).toMatch(allAgree);
  });

  it('makes what the package makes, whatever is defined', async () => {
    await fc.assert(
      fc.asyncProperty(definitions.filter(canSay(client)), async (definition) => {
        expect(await check(definition, client)).toMatch(allAgree);
      }),
      // Compilers take seconds, and Bash starts a process for each filter.
      { numRuns: client.build || client.language === 'bash' ? 10 : 25 },
    );
  });
});
