import { defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { type Described, judge, noon, type Parts, signedParts } from '../../server/rig.ts';
import { halves } from './rig.ts';

const authorization = 'Own {accessKey} {timestamp} {nonce} {signature}';
const request = '{accessKey}\n{timestamp}\n{nonce}\n{authority}\n{path}\n{query}\n{header.content-type|default:}\n';

/** Carries the digest of a value in which only some methods have the body, beside that of the body. */
const ofSomeMethods: SchemeDefinition = {
  name: 'of-some-methods',
  values: { request: `${request}{body|only:POST,PUT,PATCH}` },
  stringToSign: 'OWN1\n{method}\n{value.request|sha256|hex}\n{body|sha256|hex}',
  headers: {
    Authorization: authorization,
    'X-Request-Hash': '{value.request|sha256|hex}',
    'X-Body-Hash': '{body|sha256|hex}',
  },
};

const alone: SchemeDefinition = {
  ...ofSomeMethods,
  name: 'alone',
  stringToSign: 'OWN1\n{method}\n{value.request|sha256|hex}',
  headers: { Authorization: authorization, 'X-Request-Hash': '{value.request|sha256|hex}' },
};

const inQuery: SchemeDefinition = {
  ...ofSomeMethods,
  name: 'in-query',
  values: { request: ofSomeMethods.values?.request?.replace('{query}\n', '') ?? '' },
  headers: { Authorization: authorization, 'X-Body-Hash': '{body|sha256|hex}' },
  query: { hash: '{value.request|sha256|hex}' },
};

const nested: SchemeDefinition = {
  ...ofSomeMethods,
  name: 'nested',
  values: { ...ofSomeMethods.values, outer: 'x\n{value.request|sha256|hex}' },
  stringToSign: 'OWN1\n{method}\n{value.outer|sha512|base64}\n{body|sha256|hex}',
};

type Forgery = { readonly of: string; readonly honest: Described; readonly forged: (parts: Parts) => Parts };

const withAuthorization = (parts: Parts, from: RegExp, to: string): Parts => ({
  ...parts,
  headers: { ...parts.headers, authorization: (parts.headers.authorization ?? '').replace(from, to) },
});

const forgeries: readonly Forgery[] = [
  { of: 'path', honest: {}, forged: (parts) => ({ ...parts, target: '/admin' }) },
  { of: 'query', honest: {}, forged: (parts) => ({ ...parts, target: `${parts.target}?user=2` }) },
  {
    of: 'path of a DELETE',
    honest: { method: 'DELETE', target: '/orders/1' },
    forged: (parts) => ({ ...parts, target: '/orders' }),
  },
  { of: 'host', honest: {}, forged: (parts) => ({ ...parts, authority: 'other.example.com' }) },
  {
    of: 'time',
    honest: {},
    forged: (parts) => withAuthorization(parts, new RegExp(`${noon / 1000}`), `${noon / 1000 + 1}`),
  },
  {
    of: 'nonce',
    honest: {},
    forged: (parts) => withAuthorization(parts, /0123456789abcdef/, 'fedcba9876543210'),
  },
  {
    of: 'body',
    honest: { method: 'POST', body: '{"amount":1}' },
    forged: (parts) => ({ ...parts, body: new TextEncoder().encode('{"amount":1000}') }),
  },
];

describe.each([ofSomeMethods, alone, nested])('a digest that the scheme $name carries', (definition) => {
  const high = lintScheme(definition).flatMap(({ code, severity }) => (severity === 'high' ? [code] : []));

  it.each(forgeries)('cannot stand for another $of', async ({ honest, forged }) => {
    const { signer, verifier } = halves(definition, high);
    const parts = signedParts(signer, honest);
    expect(['signature_mismatch', 'body_digest_mismatch']).toContain(await judge(verifier, forged(parts)));
    expect(await judge(verifier, parts)).toBe('ok');
  });
});

it('a digest in the query is computed anew too', async () => {
  const scheme = defineScheme(inQuery);
  const message = (method: string, target: string) => ({
    method,
    scheme: 'https' as const,
    authority: 'api.example.com',
    target,
    rawTarget: target,
    headers: {
      get: (name: string) =>
        ({
          authorization: `Own k ${noon / 1000} 0123456789abcdef ${'0'.repeat(64)}`,
          'x-body-hash': '0'.repeat(64),
        })[name.toLowerCase()] ?? null,
    },
  });
  const stringOf = (path: string) => scheme.read(message('GET', `${path}?hash=${'1'.repeat(64)}`)).stringToSign;
  expect(stringOf('/a')).not.toEqual(stringOf('/b'));
});
