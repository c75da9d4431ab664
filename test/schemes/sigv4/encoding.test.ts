import { AwsV4Signer } from 'aws4fetch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPath, canonicalQuery, parseParameters } from '../../../src/schemes/sigv4/canonical.ts';
import { credentials, smithy, smithyRequest } from './peers.ts';

const queryOf = (query: string) => canonicalQuery(parseParameters(query));

const lines = (text: string) => text.split('\n').slice(1, 3);
const ofAws4fetch = async (target: string, service: string) =>
  lines(await signerOf(`https://example.com${target}`, service).canonicalString());
const signerOf = (url: string, service: string) => new AwsV4Signer({ ...credentials, url, service, region: 'a' });

describe('A canonical query', () => {
  it.each([
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=10&a=1', 'a=1&a=10&a=2'],
    ['a-=1&a=2&a%20=3', 'a=2&a%20=3&a-=1'],
    ['a%20b=c%20d', 'a%20b=c%20d'],
    ['a+b=c+d', 'a%20b=c%20d'],
    ['a=%2B', 'a=%2B'],
    ['a=b=c', 'a=b%3Dc'],
    ['k', 'k='],
    ['k=', 'k='],
    ['&&a=1&', 'a=1'],
    ["a=!'()*", 'a=%21%27%28%29%2A'],
    ['a=%7e%41%2d', 'a=~A-'],
    ['a=%c3%bc', 'a=%C3%BC'],
    ['a=ü', 'a=%C3%BC'],
    ['a=/?:@', 'a=%2F%3F%3A%40'],
    ['a=100%', 'a=100%25'],
  ])('of %s is %s, and to aws4fetch too', async (query, canonical) => {
    expect(queryOf(query)).toBe(canonical);
    expect(await ofAws4fetch(`/?${query}`, 'execute-api')).toEqual(['/', canonical]);
  });

  it('signs a parameter without a name, as @smithy/signature-v4 does, where aws4fetch leaves it unsigned', async () => {
    expect(queryOf('=v')).toBe('=v');
    expect(await ofAws4fetch('/?=v', 'execute-api')).toEqual(['/', '']);
  });

  it('signs each of a repeated parameter for S3, as AWS tells to, where aws4fetch signs the first alone', async () => {
    expect(queryOf('a=2&a=1')).toBe('a=1&a=2');
    expect(await ofAws4fetch('/?a=2&a=1', 's3')).toEqual(['/', 'a=2']);
  });

  it('keeps bytes that are no UTF-8, where aws4fetch signs others than it sends', async () => {
    expect(queryOf('a=%ff')).toBe('a=%FF');
    expect(await ofAws4fetch('/?a=%ff', 'execute-api')).toEqual(['/', 'a=%EF%BF%BD']);
  });

  it('keeps parameters apart that @smithy/signature-v4 keeps apart', async () => {
    const bag = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }));
    const strings = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(bag, async (given) => {
        const canonical = queryOf(new URLSearchParams(given).toString());
        const { headers } = await smithy({ service: 'a', region: 'a' }).sign(
          { ...smithyRequest({ method: 'GET', url: 'https://example.com/', headers: {} }), query: { ...given } },
          { signingDate: new Date(0) },
        );
        const signature = headers.authorization ?? '';
        expect(strings.get(canonical) ?? signature).toBe(signature);
        strings.set(canonical, signature);
      }),
      { numRuns: 300 },
    );
    expect(new Set(strings.values()).size).toBe(strings.size);
  });
});

describe('A canonical path', () => {
  it.each([
    ['/a%20b', '/a%2520b', '/a%20b'],
    ['/%c3%bc', '/%25c3%25bc', '/%C3%BC'],
    ['/a%2Bb', '/a%252Bb', '/a%2Bb'],
    ["/!'()*", '/%21%27%28%29%2A', '/%21%27%28%29%2A'],
    ['/a:b@c;d=e$', '/a%3Ab%40c%3Bd%3De%24', '/a%3Ab%40c%3Bd%3De%24'],
    ['/%7e%41', '/%257e%2541', '/~A'],
    ['/a%2Fb', '/a%252Fb', '/a/b'],
    ['/a//b/', '/a/b/', '/a//b/'],
    ['/', '/', '/'],
    ['/a+b', '/a%2Bb', '/a%20b'],
  ])('of %s is %s, for S3 %s, and to aws4fetch too', async (path, twice, once) => {
    expect(canonicalPath(path, { onceEncoded: false })).toBe(twice);
    expect(await ofAws4fetch(path, 'execute-api')).toEqual([twice, '']);
    expect(canonicalPath(path, { onceEncoded: true })).toBe(once);
    expect(await ofAws4fetch(path, 's3')).toEqual([once, '']);
  });

  it.each([
    ['/a/./b/../c', '/a/c'],
    ['/../../a', '/a'],
    ['/a/..', '/'],
    ['/..a/.b/c..', '/..a/.b/c..'],
    ['//', '/'],
  ])('of %s, as no URL parser sends it, is %s', (path, canonical) => {
    expect(canonicalPath(path, { onceEncoded: false })).toBe(canonical);
    expect(canonicalPath(path, { onceEncoded: true })).toBe(path);
  });

  it('is the same once it has been encoded once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = canonicalPath(`/${text}`, { onceEncoded: true });
        expect(once).toMatch(/^(?:[\w.~/-]|%[\dA-F]{2})*$/);
        expect(canonicalPath(once, { onceEncoded: true })).toBe(once);
      }),
    );
  });
});
