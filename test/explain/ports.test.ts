import { createHash, createHmac } from 'node:crypto';
import { generateCredentials } from 'countersign';
import { describe, expect, it } from 'vitest';
import { type Case, codesOf, explain, noon, type Partner } from './partner.ts';

type Row = [name: string, codes: readonly string[], given: Case, says: string];

/** Names the mistake, exactly, and with this message. */
function names(rows: Row[]): void {
  it.each<Row>(rows)('%s', async (_, codes, given, says) => {
    const explanation = await explain(given);
    expect(codesOf(explanation), JSON.stringify(explanation, null, 1)).toEqual(codes);
    expect(explanation.differences.map(({ message }) => message).join('\n')).toContain(says);
    expect(explanation.differences.every(({ proven }) => proven)).toBe(true);
  });
}

const { secret } = generateCredentials();
const digits = secret.split('_').at(-1) ?? '';
const using = (used: Partner['secret']): Case => ({
  partner: { secret: used ?? '' },
  record: { secrets: [{ secret }] },
});

describe('finds what a port does with the secret', () => {
  names([
    [
      'the bytes without prefix and checksum',
      ['secret-encoding'],
      using(Buffer.from(digits.slice(0, 64), 'hex')),
      'checksum, decoded from hex',
    ],
    [
      'the digits without prefix and checksum',
      ['secret-encoding'],
      using(digits.slice(0, 64)),
      'without its prefix and its checksum',
    ],
    ['the secret without its checksum', ['secret-encoding'], using(secret.slice(0, -8)), 'without its checksum'],
    ['the access key', ['secret-swapped'], { partner: { secret: 'partner-1' } }, 'with the access key as the secret'],
    ...(
      [
        ['the secret followed by the string', (text, key) => [key, text], 'SHA-256 of the secret followed by'],
        ['the string followed by the secret', (text, key) => [text, key], 'SHA-256 of the string to sign followed by'],
        ['both with a line break between', (text, key) => [key, '\n', text], 'the secret, a line break'],
      ] as ReadonlyArray<
        [string, (...given: [string | Uint8Array, string | Uint8Array]) => ReadonlyArray<string | Uint8Array>, string]
      >
    ).map(([name, parts, says]): Row => {
      const mac: Partner['mac'] = (text, key) => {
        const hash = createHash('sha256');
        for (const part of parts(text, key)) hash.update(part);
        return hash.digest();
      };
      return [`a hash of ${name}`, ['algorithm'], { partner: { mac } }, says];
    }),
    [
      'a hash without a secret',
      ['secret-missing'],
      { partner: { mac: (text) => createHash('sha256').update(text).digest() } },
      'the bare SHA-256',
    ],
  ]);

  it.each([
    ['sha512', 'SHA-512', 'hex'],
    ['sha1', 'SHA-1', 'hex'],
    ['sha384', 'SHA-384', 'base64'],
    ['md5', 'MD5', 'base64'],
  ] as const)('names %s by the length of its signature, as likely', async (hash, name, encoding) => {
    const mac: Partner['mac'] = (text, key) => createHmac(hash, key).update(text).digest();
    const { differences, code } = await explain({
      partner: { mac, signature: (bytes) => `v1=${bytes.toString(encoding)}` },
    });
    expect(code).toBe('malformed_field');
    expect(differences).toMatchObject([{ code: 'algorithm', proven: false }]);
    expect(differences[0]?.message).toContain(`HMAC with ${name}`);
  });
});

const seconds = noon / 1000;
const line = (place: number, change: (text: string) => string): Partner => ({
  lines: (all) => all.map((text, other) => (other === place - 1 ? change(text) : text)),
});
const digest = (change: (hash: string) => string): Case => ({
  partner: line(9, (text) => change(text.replace(/^sha-256=:(.*):$/, '$1'))),
});
const bodiless = (partner: Partner): Case => {
  const get = { method: 'GET', body: '', headers: {}, target: '/v1/orders' };
  return { partner: { ...get, ...partner }, received: get };
};
const none = createHash('sha256').digest();
const traced = { 'content-type': 'application/json', 'x-tenant': 'acme', 'x-trace': 'T-1' };
const tracing = (partner: Partner): Case => ({
  partner: { headers: traced, signedHeaders: ['x-tenant', 'x-trace'], ...partner },
  received: { headers: traced },
});
const headerLines = (change: (text: string) => string): Case =>
  tracing({ lines: (all) => all.map((text, place) => (place > 8 ? change(text) : text)) });

describe('finds how a port writes a line', () => {
  names([
    [
      'a time of its own',
      ['timestamp-twice'],
      { partner: { signedTimestamp: `${seconds - 1}` } },
      'takes the time twice',
    ],
    [
      'a time of its own, later',
      ['timestamp-twice'],
      { partner: { signedTimestamp: `${seconds + 2}` } },
      'takes the time twice',
    ],
    [
      'path and query apart',
      ['string-line'],
      { partner: line(7, (text) => text.replace('?', '\n')) },
      'path and query in two lines',
    ],
    [
      'path and query apart, with ?',
      ['string-line'],
      { partner: line(7, (text) => text.replace('?', '\n?')) },
      'path and query in two lines',
    ],
    [
      'path and sorted query apart',
      ['string-line'],
      { partner: line(7, () => '/v1/orders\na=1&b=2') },
      'sorted parameters',
    ],
    ['no query apart', ['string-line'], bodiless(line(7, (text) => `${text}\n`)), 'path and query in two lines'],
    [
      'parameters as JSON',
      ['string-line'],
      { partner: line(7, () => '/v1/orders\n{"b":"2","a":"1"}') },
      'parameters as JSON',
    ],
    [
      'parameters as JSON of Python, sorted',
      ['string-line'],
      { partner: line(7, () => '/v1/orders\n{"a": "1", "b": "2"}') },
      'JSON, in a line of their own, sorted',
    ],
    ['the digest in base64', ['string-line'], digest((text) => text), 'the digest in base64 alone'],
    [
      'the digest in hex',
      ['string-line'],
      digest((text) => Buffer.from(text, 'base64').toString('hex')),
      'the digest in hex',
    ],
    [
      'the digest as sha256=',
      ['string-line'],
      digest((text) => `sha256=${Buffer.from(text, 'base64').toString('hex')}`),
      'sha256= and hex',
    ],
    ['the body', ['string-line'], digest(() => '{"sku":"A-1"}'), 'the body itself'],
    [
      'the digest of no body',
      ['string-line'],
      bodiless(line(9, () => `sha-256=:${none.toString('base64')}:`)),
      'of an empty body',
    ],
    [
      'the digest of no body in hex',
      ['string-line'],
      bodiless(line(9, () => none.toString('hex'))),
      'of an empty body in hex',
    ],
    [
      'the name of the scheme first',
      ['string-line'],
      { partner: line(1, () => 'countersign-v1') },
      'countersign-v1 as the first line',
    ],
    ['another name first', ['string-line'], { partner: line(1, () => 'HMAC-SHA256') }, 'HMAC-SHA256 as the first line'],
    ['the host with a slash', ['host'], { partner: line(6, (text) => `${text}/`) }, 'api.example.com/'],
    [
      'a space after colons',
      ['string-line'],
      headerLines((text) => text.replace(':', ': ')),
      'a space after the colon',
    ],
    [
      'capital names',
      ['string-line'],
      headerLines((text) => text.replace('x-tenant', 'X-Tenant').replace('x-trace', 'X-Trace')),
      'in capitals',
    ],
    ['values alone', ['string-line'], headerLines((text) => text.replace(/^[^:]*:/, '')), 'without their names'],
    ['another case of the type', ['content-type'], { partner: line(8, () => 'Application/JSON') }, 'Application/JSON'],
  ]);
});

describe('finds what a port does with the body', () => {
  const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  names([
    [
      'a form that is signed decoded',
      ['body-serialised'],
      { partner: { ...form, body: 'a=1 2&b=é' }, received: { ...form, body: 'a=1%202&b=%C3%A9' } },
      'the form before it was encoded',
    ],
    [
      'a form that is signed decoded and sent with +',
      ['body-serialised'],
      { partner: { ...form, body: 'a=1 2' }, received: { ...form, body: 'a=1+2' } },
      'the form before it was encoded',
    ],
    [
      'Latin-1 in transit',
      ['body-encoding'],
      { partner: { body: '{"name":"é"}' }, received: { body: Buffer.from('{"name":"é"}', 'latin1') } },
      'before it was encoded as Latin-1',
    ],
  ]);

  it('a digest that is signed and not sent', async () => {
    const explanation = await explain({ partner: {}, dropped: ['content-digest'] });
    expect(codesOf(explanation)).toEqual(['field-form']);
    expect(explanation.differences[0]?.message).toContain('sent no Content-Digest');
  });
});

describe('finds nothing where nothing is known', () => {
  const other = 'an unknown secret of the caller';

  it.each<[string, Case]>([
    ['a body', { partner: { secret: other } }],
    ['no body', bodiless({ secret: other })],
    ['further headers', tracing({ secret: other })],
    ['a lost digest', { partner: { secret: other, body: '' }, received: { body: '' } }],
    [
      'the digest of another secret',
      { partner: { secret: generateCredentials().secret }, record: { secrets: [{ secret }] } },
    ],
    ['a time too far away', { partner: { signedTimestamp: `${seconds - 9}` } }],
    ['a first line that nobody uses', { partner: line(1, () => 'something-of-their-own') }],
    ['a secret that is cut off', using(secret.slice(0, -9))],
    [
      'a hash with another secret',
      { partner: { secret: other, mac: (text, key) => createHash('sha256').update(key).update(text).digest() } },
    ],
  ])('%s', async (_, given) => {
    expect(codesOf(await explain(given))).toEqual([]);
  });
});
