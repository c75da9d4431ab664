import { createHash, createHmac } from 'node:crypto';
import { createSigner, prepareRequest } from 'countersign';
import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../../src/core/message.ts';
import { timestampForm, timestampParts } from '../../../src/schemes/define/timestamp.ts';
import { noon } from '../../server/rig.ts';
import { accessKey, nonce, partner, secret } from './rig.ts';

/** What a template gives for a request. */
function made(stringToSign: string, url = 'https://api.example.com/', headers: Record<string, string> = {}): string {
  const scheme = defineScheme({
    name: 'x',
    stringToSign,
    headers: { 'X-Sign': '{accessKey}:{timestamp}:{nonce}:{signature}' },
  });
  const message = { ...toMessage({ method: 'GET', url }, new Headers(headers)) };
  const input = { message, accessKey, time: noon, nonce, body: { kind: 'none' }, signedHeaders: [] } as const;
  return `${scheme.prepare(input).stringToSign}`;
}

describe('a field', () => {
  it.each([
    ['{method} {scheme} {authority} {host} {port}', 'GET http api.example.com:81 api.example.com 81'],
    ['{path} {query} {target} {url}', '/a%2f//b x=%20+&y /a%2f//b?x=%20+&y http://api.example.com:81/a%2f//b?x=%20+&y'],
    ['{timestamp} {nonce} {accessKey}', `${noon / 1000} ${nonce} ${accessKey}`],
    ['{header.X-One} {header.x-two|default:none}', 'One none'],
    ['[{header.x-two}][<{query}>]', '<x=%20+&y>'],
  ])('is what stands on the wire: %s', (template, text) => {
    expect(made(template, 'http://api.example.com:81/a%2f//b?x=%20+&y#z', { 'X-One': ' One ' })).toBe(text);
  });

  it('that is absent is an error, unless it is optional', () => {
    expect(() => made('{header.x-two}')).toThrow('The request lacks x-two');
    expect(made('[{header.x-two}]')).toBe('');
  });

  it('has the default port', () => {
    expect(made('{port} {host}', 'http://[::1]/')).toBe('80 [::1]');
    expect(made('{port}')).toBe('443');
  });
});

describe('a filter', () => {
  const text = fc.string({ unit: fc.constantFrom(..."aZ0-._~ +!'()*/:&=%,é€😀") });
  const plain = fc.string({ unit: fc.constantFrom(...'aZ0 -,;'), minLength: 1 }).map((one) => `x${one}x`);
  const header = (filters: string, value: string) => made(`{header.x-a|${filters}}`, undefined, { 'X-A': value });

  it.each<[string, (value: string) => string]>([
    ['lower', (value) => value.toLowerCase()],
    ['upper', (value) => value.toUpperCase()],
    ['trim', (value) => value.trim()],
    ['collapse', (value) => value.replace(/ +/g, ' ')],
    ['before:;', (value) => value.split(';')[0] ?? ''],
    ['truncate:3', (value) => value.slice(0, 3)],
    [
      'rfc3986',
      (value) =>
        [...Buffer.from(value)]
          .map((byte) =>
            /[\w.~-]/.test(String.fromCharCode(byte))
              ? String.fromCharCode(byte)
              : `%${byte.toString(16).toUpperCase()}`,
          )
          .join(''),
    ],
    ['form', (value) => `${new URLSearchParams([['', value]])}`.slice(1)],
    ['hex', (value) => Buffer.from(value).toString('hex')],
    ['base64', (value) => Buffer.from(value).toString('base64')],
    ['base64url', (value) => Buffer.from(value).toString('base64url')],
    ...['sha256', 'sha384', 'sha512', 'sha1', 'md5'].map((name): [string, (value: string) => string] => [
      `${name}|base64`,
      (value) => createHash(name).update(value).digest('base64'),
    ]),
  ])('%s makes what others make', (filters, oracle) => {
    fc.assert(fc.property(plain, (value) => void expect(header(filters, value)).toBe(oracle(value))));
  });

  it('encodes each name and value as the URL Standard does, and decodes it again', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: text, value: text }), { minLength: 1 }), (pairs) => {
        const form = new URLSearchParams(pairs.map(({ name, value }) => [name, value]));
        const url = `https://a.example/?${`${form}`.replace(/\+/g, '%20')}`;
        expect(made('{query|decode|form}', url)).toBe(`${form}`);
        expect(made('{query|decode|rfc3986}', url)).toBe(
          `${form}`.replace(/\+/g, '%20').replace(/\*/g, '%2A').replace(/%7E/g, '~'),
        );
      }),
    );
  });

  it('keeps what joins the pieces', () => {
    expect(made('{path|decode|rfc3986}', 'https://a.example/a%2Fb//%7E*')).toBe('/a%2Fb//~%2A');
    expect(made('{query|rfc3986}', 'https://a.example/?a=b=c&&d')).toBe('a=b%3Dc&&d');
  });

  it.each(['%0A', '%ff', '%zz'])('refuses to decode %s', (escaped) => {
    expect(() => made('{query|decode}', `https://a.example/?a=${escaped}`)).toThrow('the filter decode');
  });

  it.each([
    ['sort', 'b=2&a=2&a=1&key1=0&key=z&A=1&_=1&a', 'A=1&_=1&a&a=1&a=2&b=2&key=z&key1=0'],
    ['sort:name', 'b=2&a=2&a=1&key1=0&key=z', 'a=2&a=1&b=2&key=z&key1=0'],
    ['sort:text', 'b=2&a=2&a=1&key1=0&key=z', 'a=1&a=2&b=2&key1=0&key=z'],
    ['decode|sort', '%F0%9F%98%80=4&%EF%BF%BD=3&%C3%A9=2&z=1', 'z=1&é=2&\ufffd=3&😀=4'],
  ])('%s orders by bytes of UTF-8', (filter, query, sorted) => {
    expect(made(`{query|${filter}}`, `https://a.example/?${query}`)).toBe(sorted);
  });

  it.each([
    ['lower', 'AÄİZ', 'aÄİz'],
    ['upper', 'aäßız', 'AäßıZ'],
    ['trim', '\u00a0 a \ufeff ', '\u00a0 a \ufeff'],
    ['collapse', 'a  b\u00a0\u00a0\u2028c', 'a b\u00a0\u00a0\u2028c'],
    ['truncate:3', '😀é€x', '😀é€'],
  ])('%s knows the letters and blanks of ASCII alone, and whole characters', (filter, value, text) => {
    expect(made(`{query|decode|${filter}}`, `https://a.example/?${encodeURIComponent(value)}`)).toBe(text);
  });

  it('only leaves out other methods', () => {
    expect(made('[{body|only:POST|sha256|hex}]!')).toBe('!');
  });
});

describe('a timestamp', () => {
  it.each<[SchemeDefinition['timestamp'] & {}, string, number]>([
    ['unix-seconds', '1795348800', 1000],
    ['unix-milliseconds', '1795348800000', 1],
    ['iso-8601', '2026-11-22T12:00:00Z', 1000],
    ['iso-8601-milliseconds', '2026-11-22T12:00:00.000Z', 1],
    ['iso-8601-basic', '20261122T120000Z', 1000],
    ['imf-fixdate', 'Sun, 22 Nov 2026 12:00:00 GMT', 1000],
    [{ pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' }, '22nov202612:00:00', 1000],
  ])('of %j is written, and read back', (form, text, unit) => {
    const { write, read, pattern } = timestampForm(timestampParts(form));
    expect(write(noon)).toBe(text);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (time) => {
        expect(write(time)).toMatch(new RegExp(`^${pattern}$`));
        expect(read(write(time))).toBe(Math.floor(time / unit) * unit);
      }),
    );
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'0159 :-TZGx'), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const time = read(changed);
        if (time !== undefined) expect(write(time)).toBe(changed);
      }),
    );
  });

  it('is as node writes it', () => {
    const time = Date.UTC(2017, 6, 28, 12, 59, 24);
    expect(timestampForm(timestampParts({ pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' })).write(time)).toBe(
      '28jul201712:59:24',
    );
    expect(timestampForm(timestampParts('imf-fixdate')).write(time)).toBe(new Date(time).toUTCString());
    expect(timestampForm(timestampParts('iso-8601-milliseconds')).write(time)).toBe(new Date(time).toISOString());
  });

  it.each([
    ['iso-8601', '2026-02-30T00:00:00Z'],
    ['iso-8601', '2026-11-22T24:00:00Z'],
    ['iso-8601', '0026-11-22T12:00:00Z'],
    ['imf-fixdate', 'Mon, 22 Nov 2026 12:00:00 GMT'],
    ['unix-seconds', '01'],
    ['unix-seconds', '-1'],
    ['unix-seconds', '1e9'],
  ] as const)('of %s is not %s', (form, text) => {
    expect(timestampForm(timestampParts(form)).read(text)).toBeUndefined();
  });
});

describe('a secret', () => {
  const bytes = Buffer.from(secret);
  it.each(['utf8', 'hex', 'base64', 'base64url'] as const)('of %s is the same key', async (form) => {
    const scheme = defineScheme({ ...partner, secret: form });
    const text = form === 'utf8' ? secret : bytes.toString(form);
    for (const given of [text, new Uint8Array(bytes)]) {
      const signature = await scheme.createKey(given).sign(new Uint8Array([1]));
      expect(Buffer.from(signature)).toEqual(
        createHmac('sha256', bytes)
          .update(new Uint8Array([1]))
          .digest(),
      );
    }
    if (form !== 'utf8') expect(() => scheme.createKey('no such text: é')).toThrow(`is not ${form}`);
  });

  it.each(['sha256', 'sha384', 'sha512', 'sha1'] as const)(
    'is one for HMAC with %s, in WebCrypto too',
    async (hash) => {
      const scheme = defineScheme({ ...partner, algorithm: `hmac-${hash}` });
      const name = hash.replace('sha', 'SHA-');
      const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: name }, false, ['sign', 'verify']);
      for (const given of [secret, key]) {
        const signature = await scheme.createKey(given).sign(new Uint8Array([1]));
        expect(Buffer.from(signature)).toEqual(
          createHmac(hash, bytes)
            .update(new Uint8Array([1]))
            .digest(),
        );
        expect(await scheme.createKey(given).verify(new Uint8Array([1]), signature)).toBe(true);
        expect(await scheme.createKey(given).verify(new Uint8Array([2]), signature)).toBe(false);
      }
    },
  );
});

describe('what the signature does not cover is not believed', () => {
  const read = (stringToSign: string) => {
    const scheme = defineScheme({ ...partner, stringToSign });
    const signer = createSigner({ accessKey, secret, scheme, clock: () => noon, nonce: () => nonce });
    const url = 'https://api.example.com/?a=1';
    const headers = new Headers(prepareRequest(signer, { url }).headers);
    return scheme.read(toMessage({ method: 'GET', url }, headers));
  };

  it.each([
    ['{method} {target} {body|sha256|hex}', undefined, undefined],
    ['{timestamp} {nonce} {body}', noon, nonce],
    ['{timestamp|truncate:4} {nonce|lower} {body}', undefined, undefined],
    ['[{query} {timestamp} {nonce}] {body}', undefined, undefined],
    ['{timestamp|sha256|hex} {nonce|base64} {body}', noon, nonce],
  ])('%s', (stringToSign, time, believed) => {
    expect(read(stringToSign)).toMatchObject({ time, nonce: believed });
  });

  it('is a body that only a header speaks of', () => {
    const definition = { ...partner, stringToSign: '{method}', headers: { A: '{signature}', B: '{body|sha256|hex}' } };
    const scheme = defineScheme(definition);
    const url = 'https://api.example.com/';
    const headers = new Headers({ A: Buffer.alloc(32).toString('base64'), B: '0'.repeat(64) });
    expect(scheme.read(toMessage({ method: 'POST', url }, headers)).body).toEqual({ kind: 'uncovered' });
  });
});
