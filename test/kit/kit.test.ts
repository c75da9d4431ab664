import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createKit, type KitLanguage } from 'countersign/kit';
import { defineScheme, krakenApi, larkWebhooks, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { emitBash } from '../../src/kit/emit/bash.ts';
import { emitCsharp } from '../../src/kit/emit/dialects/csharp.ts';
import { emitRust } from '../../src/kit/emit/dialects/rust.ts';
import { describePlan } from '../../src/kit/prose/describe-plan.ts';
import { describeField, describeValue } from '../../src/kit/prose/describe-value.ts';
import { fields } from '../../src/schemes/define/fields.ts';
import { filterRules } from '../../src/schemes/define/filters.ts';
import { parseDefinition } from '../../src/schemes/define/parse.ts';
import { planDefinition } from '../../src/schemes/define/plan/plan.ts';
import { partner } from '../schemes/define/rig.ts';
import { ready } from '../schemes/definitions/ready.ts';
import { text } from './generate.ts';

const origin = 'https://api.example.com';

describe('a kit', () => {
  const kit = createKit({ origin });

  it('is the same in every run, and has no date', () => {
    expect(createKit({ origin })).toEqual(kit);
    expect(Object.values(kit).join('')).not.toContain(new Date().toISOString().slice(0, 10));
  });

  it('has a pair of its own, for each origin another', () => {
    const { accessKey, secret } = JSON.parse(kit['credentials.json'] ?? '');
    expect([accessKey, secret]).toEqual([
      expect.stringMatching(/^csign_ak_test_/),
      expect.stringMatching(/^csign_sk_test_/),
    ]);
    expect(createKit({ origin: 'https://api.example.org' })['credentials.json']).not.toBe(kit['credentials.json']);
  });

  it('takes the pair of a sandbox, everywhere', () => {
    const credentials = { accessKey: 'sandbox-7', secret: 'a secret of a sandbox, which is for tests' };
    const own = createKit({ origin, credentials, name: 'Acme Orders' });
    expect(JSON.parse(own['credentials.json'] ?? '')).toEqual(credentials);
    expect(own['README.md']).toContain('# Calling Acme Orders');
    expect(Object.values(own).join('')).not.toContain('csign_ak_test_');
  });

  it('works one request out to the byte', () => {
    const readme = kit['README.md'] ?? '';
    const plain = (file: string) => kit[`vectors/plain/post-json/${file}`] ?? '';
    expect(readme).toContain(`\n${plain('string-to-sign')}\n`);
    expect(readme).toContain(plain('added-headers'));
    const digest = createHash('sha256').update(plain('body')).digest('base64');
    expect(plain('string-to-sign')).toContain(`sha-256=:${digest}:`);
  });

  it.each([kit, createKit({ origin, definition: partner })])('names what a program calls, in each client', (own) => {
    const lines = [
      ...(own['README.md'] ?? '').matchAll(/^- \[[^\]]+\]\((clients\/\w+)\): `(?:new HttpClient\(new )?([^ (]+)/gm),
    ];
    const folders = new Set(Object.keys(own).flatMap((path) => /^clients\/\w+/.exec(path) ?? []));
    expect(new Set([...lines.map(([, folder]) => folder), 'clients/postman'])).toEqual(
      new Set([...folders, 'clients/postman']),
    );
    for (const [, folder = '', call = ''] of lines) {
      const client = Object.entries(own).filter(
        ([path]) => path.startsWith(`${folder}/`) && !/\/kit\.\w+$/i.test(path),
      );
      const name = call.replace(/^.*[.:\\]/, '');
      const defined = new RegExp(`(?:def|sub|func|function|fn|public|>) (?:self\\.)?${name}[( ]|^${name}\\(\\)`, 'm');
      expect([folder, client.some(([, text]) => defined.test(text))]).toEqual([folder, true]);
    }
  });

  it('has the clients and the protocol of the repository', () => {
    expect(readFileSync(new URL('../../src/kit/client-files.json', import.meta.url), 'utf8')).toBe(text);
  });

  it('describes the signature for OpenAPI, where each carrier stands once', () => {
    const read = (given: Parameters<typeof createKit>[0]) => JSON.parse(createKit(given)['openapi.json'] ?? '');
    const { security, components, servers } = read({ origin });
    expect([security, servers]).toEqual([[{ 'countersign-v1': [] }], [{ url: origin }]]);
    expect(components.securitySchemes['countersign-v1']).toMatchObject({ in: 'header', name: 'X-API-Signature' });
    const added = JSON.parse(kit['vectors/core.json'] ?? '').cases[0].expected.headers;
    const known = ['X-API-Signature', ...Object.keys(components.parameters)];
    expect(known).toEqual(expect.arrayContaining(Object.keys(added)));
    for (const { definition } of ready) {
      const { securitySchemes, parameters } = read({ origin, definition, languages: [] }).components;
      const [scheme] = Object.values(securitySchemes) as Array<{ name: string; in: string }>;
      const all = [
        scheme?.name,
        ...Object.values(parameters as Record<string, { name: string }>).map((one) => one.name),
      ];
      const carriers = [...Object.keys(definition.headers ?? {}), ...Object.keys(definition.query ?? {})];
      expect(all.sort()).toEqual(carriers.sort());
    }
  });

  it('has only the languages that are asked for', () => {
    const paths = Object.keys(createKit({ origin, languages: ['perl'] })).filter((path) => path.startsWith('clients/'));
    expect(paths).toEqual(['clients/perl/Countersign.pm', 'clients/perl/kit.pl']);
  });

  it('has a signer of few lines in each language', () => {
    const signers = Object.entries(kit).filter(([path]) => /\/countersign\.\w+$/i.test(path));
    expect(signers).toHaveLength(11);
    for (const [path, code] of signers) expect(code.split('\n').length, path).toBeLessThan(300);
  });

  it.each([
    [{ origin: 'https://api.example.com/v1' }, 'without a path'],
    [{ origin: 'ftp://api.example.com' }, 'without a path'],
    [{ origin, languages: ['cobol' as KitLanguage] }, 'only in python, bash'],
    [{ origin, credentials: { accessKey: 'a', secret: 'short' } }, 'secret'],
    [{ origin, language: 'perl' }, 'language'],
  ])('is refused for %j', (options, says) => {
    expect(() => createKit(options)).toThrow(says);
  });
});

describe('a kit of a defined scheme', () => {
  it.each(ready)('is made for $definition.name', ({ definition }) => {
    const kit = createKit({ origin, definition, languages: [] });
    expect(kit['protocol.md']).toContain(`# The scheme ${definition.name}`);
    // Tencent demands a content type, which a request without a body lacks.
    const cases = definition.name === 'tencent-cloud' ? 7 : 17;
    expect(JSON.parse(kit['vectors/core.json'] ?? '').cases).toHaveLength(cases);
    expect(defineScheme(JSON.parse(kit['definition.json'] ?? '')).name).toBe(definition.name);
    expect(kit['README.md']).toContain('kit serve --credentials credentials.json --definition definition.json');
  });

  it('is refused in a language that has no client for it, by name', () => {
    expect(() => createKit({ origin, definition: partner, languages: ['postman'] })).toThrow('no client in postman');
  });

  it.each<[KitLanguage, Partial<SchemeDefinition>, string]>([
    ['rust', { algorithm: 'hmac-sha1' }, 'the algorithm hmac-sha1'],
    ['rust', { stringToSign: '{body|sha1|hex}{timestamp}' }, 'the hash sha1'],
    ['rust', { stringToSign: '{body|md5|hex}{timestamp}' }, 'the hash md5'],
    ['rust', { algorithm: 'sha1', stringToSign: '{secret}{timestamp}' }, 'the hash sha1'],
    ['bash', { nonce: { form: 'digits', min: 8, max: 8 } }, 'nonces of digits'],
    ['rust', { algorithm: 'md5', stringToSign: '{secret}{timestamp}' }, 'the hash md5'],
    ['bash', { stringToSign: '{body|length}{timestamp}' }, 'the filter length'],
    ['python', { stringToSign: '{query|lines}{timestamp}' }, 'the filter lines'],
    ['rust', { stringToSign: '{query|lines}{timestamp}' }, 'the filter lines'],
  ])('is refused in %s for %j, by name', (language, own, says) => {
    const definition = { ...partner, ...own };
    expect(() => createKit({ origin, definition, languages: [language] })).toThrow(`cannot say ${says}`);
    expect(Object.keys(createKit({ origin, definition })).join()).not.toContain(`clients/${language}/`);
  });

  it('has no client that guesses an algorithm or field of later versions', () => {
    const plan = planDefinition(parseDefinition(partner));
    for (const emit of [emitBash, emitCsharp, emitRust]) {
      expect(() => emit({ ...plan, algorithm: 'sha256-with-key' as never })).toThrow('cannot say the algorithm');
      const later = JSON.parse(JSON.stringify(plan).replaceAll('"field":"nonce"', '"field":"laterField"'));
      expect(() => emit(later)).toThrow('cannot say the field laterField');
    }
  });

  it('has a client in every other language', () => {
    const folders = Object.keys(createKit({ origin, definition: partner })).flatMap(
      (path) => /^clients\/(\w+)\//.exec(path)?.[1] ?? [],
    );
    expect([...new Set(folders)]).toEqual([
      'python',
      'bash',
      'node',
      'go',
      'php',
      'ruby',
      'java',
      'perl',
      'csharp',
      'rust',
    ]);
  });
});

describe('a client that cannot say all of a definition', () => {
  const definition = { ...partner, nonce: { form: 'digits', min: 1, max: 40 } } as const;

  it('refuses by name where it is asked for, and is left out where it is not', () => {
    expect(() => createKit({ origin, definition, languages: ['bash'] })).toThrow('cannot say nonces of digits');
    const paths = Object.keys(createKit({ origin, definition }));
    expect(paths).toContain('clients/python/countersign.py');
    expect(paths.filter((path) => path.startsWith('clients/bash'))).toEqual([]);
  });
});

describe('the prose of a plan', () => {
  it('says each line of the string to sign', () => {
    expect(describePlan(planDefinition(parseDefinition(partner)))).toContain(`## The string to sign

1. The method in upper case.
2. The path as sent.
3. The query as sent, without \`?\`, its parameters sorted by name, then by value, by their bytes in UTF-8.
4. The time.
5. The nonce.
6. The SHA-256 of the body, in hex.
`);
  });

  it('says that the bytes of a digest are signed', () => {
    const prose = describePlan(planDefinition(parseDefinition(krakenApi)));
    expect(prose).toContain('1. The path as sent, then the SHA-256 of *content*, as bytes.');
  });

  it('says that a part in brackets ends with a line feed', () => {
    const stringToSign = '[a:{header.a}\n]{timestamp}';
    const prose = describePlan(planDefinition(parseDefinition({ ...partner, stringToSign })));
    expect(prose).toContain('the value of the header `a`, then a line feed, then the time.');
  });

  it('says where the secret of a keyed hash is, and how it is shown', () => {
    const prose = describePlan(planDefinition(parseDefinition(larkWebhooks)));
    expect(prose).toContain('1. The time, then the nonce, then `{secret}`, the place of the secret, then the body.');
    expect(prose).toContain('is the SHA-256 of the string to sign, in hex in lower case. It is no HMAC.');
    expect(prose).toContain('Instead of `{secret}`, hash the bytes of the secret');
    expect(prose).not.toContain('The key is');
  });

  it('has words for every field and filter', () => {
    const value = {
      kind: 'value',
      key: '',
      named: false,
      input: 'text',
      output: 'text',
      absentable: [],
      at: 0,
    } as const;
    for (const field of fields.keys()) expect(describeField(field)).toMatch(/\w/);
    for (const name of filterRules.keys()) {
      const filter = { name, argument: 'name', at: 0, input: 'query', output: 'query' } as const;
      expect(
        describeValue({ ...value, field: 'query', filters: [filter], fallback: undefined, methods: undefined }),
      ).toMatch(/\w/);
    }
  });
});
