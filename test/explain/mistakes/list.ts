import { createHash, createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Given, Mistake } from './client.ts';

/**
 * Who names a mistake: the server in `detail` or `code` of the refusal, whatever the key; or the codes of the differences, which the
 * refusal to a key that explains has, and `explainSignature`.
 */
export type Named = { readonly refusal: RegExp } | { readonly differences: readonly string[] } | 'nobody' | 'accepted';

export type Row = readonly [name: string, named: Named, mistake: Mistake];

const refusal = (pattern: RegExp): Named => ({ refusal: pattern });
const by = (...differences: string[]): Named => ({ differences });

const digits = ({ secret }: Given): string => secret.split('_').at(-1) ?? '';
const signed = (change: Partial<ReturnType<NonNullable<Mistake['signed']>>>): Mistake => ({ signed: () => change });
const target = '/api/v1/orders?b=2&a=1%202&c[]=x';
const lines = (change: (lines: readonly string[]) => readonly string[]): Mistake => ({ lines: change });
const written = (change: (text: string) => string | Buffer): Mistake => ({ written: change });
const get: Mistake = { method: 'GET', target: '/api/v1/orders' };
const form = 'a=1%202&b=%C3%A9';
const formType = 'application/x-www-form-urlencoded';
const tracked: Mistake = { signedHeaders: { 'x-request-id': 'R-1', 'x-tenant': 'acme' } };
const python = '{"sku": "A-1", "name": "\\u00e9"}';

/** The rows, by what the mistake is about. */
export const mistakes: Readonly<Record<string, readonly Row[]>> = {
  secret: [
    ['prefix off', by('secret-encoding'), { secret: digits }],
    ['hex-decoded', by('secret-encoding'), { secret: (given) => Buffer.from(digits(given), 'hex') }],
    [
      'hex-decoded without checksum',
      by('secret-encoding'),
      { secret: (given) => Buffer.from(digits(given).slice(0, 64), 'hex') },
    ],
    ['base64-decoded', by('secret-encoding'), { secret: ({ secret }) => Buffer.from(secret, 'base64') }],
    ['LF at end', by('secret-whitespace'), { secret: ({ secret }) => `${secret}\n` }],
    ['quotes', by('secret-whitespace'), { secret: ({ secret }) => `"${secret}"` }],
    ['empty', by('secret-missing'), { secret: () => '' }],
    ['access key instead', by('secret-swapped'), { secret: ({ accessKey }) => accessKey }],
    [
      'swapped with data',
      by('secret-swapped'),
      { mac: (key, text) => createHmac('sha256', text).update(key).digest() },
    ],
  ],
  algorithm: [
    [
      'sha256(secret+text)',
      by('algorithm'),
      { mac: (key, text) => createHash('sha256').update(key).update(text).digest() },
    ],
    [
      'SHA-512',
      refusal(/128 hex digits are of SHA-512/),
      { mac: (key, text) => createHmac('sha512', key).update(text).digest() },
    ],
    [
      'SHA-1',
      refusal(/40 hex digits are of SHA-1/),
      { mac: (key, text) => createHmac('sha1', key).update(text).digest() },
    ],
  ],
  signature: [
    [
      'upper case',
      refusal(/expected v1= and 64 lower-case hex/),
      { signature: (mac) => `v1=${mac.toString('hex').toUpperCase()}` },
    ],
    ['base64', refusal(/expected v1= and 64 lower-case hex/), { signature: (mac) => `v1=${mac.toString('base64')}` }],
    ['without v1=', refusal(/expected v1= and 64 lower-case hex/), { signature: (mac) => mac.toString('hex') }],
    [
      'base64 of hex',
      refusal(/expected v1= and 64 lower-case hex/),
      { signature: (mac) => `v1=${Buffer.from(mac.toString('hex')).toString('base64')}` },
    ],
    ['sha256=', refusal(/expected v1= and 64 lower-case hex/), { signature: (mac) => `sha256=${mac.toString('hex')}` }],
  ],
  time: [
    ['ms', refusal(/whole seconds since 1970/), { time: String }],
    ['float', refusal(/whole seconds since 1970/), { time: (now) => `${now / 1000 + 0.5}` }],
    ['ISO', refusal(/whole seconds since 1970/), { time: (now) => new Date(now).toISOString() }],
    [
      '10 min behind',
      refusal(/stale_timestamp.*600 seconds old/),
      { time: (now) => `${Math.floor(now / 1000) - 600}` },
    ],
    ['+2 h', refusal(/future_timestamp.*7200 seconds ahead/), { time: (now) => `${Math.floor(now / 1000) + 7200}` }],
    ['taken twice', by('timestamp-twice'), { signed: ({ now }) => ({ time: `${Math.floor(now / 1000) - 1}` }) }],
  ],
  nonce: [
    ['UUID', 'accepted', { nonce: '0b1e6a52-4c9f-4a0e-9d53-6f1c2b8f7a01' }],
    ['8 characters', refusal(/X-API-Nonce.*16 to 128/), { nonce: '12345678' }],
    ['base64 with +/=', refusal(/X-API-Nonce.*A-Z a-z 0-9 _ -/), { nonce: 'ab+/ab+/ab+/ab+/ab==' }],
  ],
  method: [['lower case', by('method'), signed({ method: 'post' })]],
  host: [
    ['no port', by('port'), { signed: ({ host }) => ({ host: host.replace(/:.*/, '') }) }],
    ['with scheme', by('host'), { signed: ({ host }) => ({ host: `http://${host}` }) }],
    ['localhost', by('host'), { signed: ({ host }) => ({ host: host.replace('127.0.0.1', 'localhost') }) }],
    ['public name', by('host'), signed({ host: 'api.example.com' })],
    ['trailing slash', by('host'), { signed: ({ host }) => ({ host: `${host}/` }) }],
  ],
  target: [
    ['no query', by('query-left-out'), signed({ target: '/api/v1/orders' })],
    ['sorted', by('query-order'), signed({ target: '/api/v1/orders?a=1%202&b=2&c[]=x' })],
    ['decoded', by('query-encoding'), signed({ target: decodeURIComponent(target) })],
    ['+ for %20', by('query-encoding'), signed({ target: target.replace('%20', '+') })],
    ['whole URL', by('whole-url'), { signed: ({ host }) => ({ target: `http://${host}${target}` }) }],
    ['no base path', by('path-prefix'), signed({ target: '/orders?b=2&a=1%202&c[]=x' })],
    ['no leading slash', by('path-slash'), signed({ target: target.slice(1) })],
    ['trailing slash', by('path-slash'), signed({ target: target.replace('?', '/?') })],
    [
      'not normalised',
      by('path-encoding'),
      { target: '/api/v1/%7eorders', ...signed({ target: '/api/v1/%7eorders' }) },
    ],
    ['encoded twice', by('query-encoding'), signed({ target: target.replace('%20', '%2520') })],
    ['[] escaped', by('query-encoding'), signed({ target: target.replace('[]', '%5B%5D') })],
    ['path and query apart', by('string-line'), signed({ target: target.replace('?', '\n') })],
    ['parameters as JSON', by('string-line'), signed({ target: '/api/v1/orders\n{"b":"2","a":"1 2","c[]":"x"}' })],
  ],
  'content type': [
    [
      'charset added',
      by('content-type'),
      { type: 'application/json; charset=utf-8', ...signed({ type: 'application/json' }) },
    ],
    ['sent, not signed', by('content-type'), signed({ type: '' })],
    ['signed, not sent', by('content-type'), { type: null, ...signed({ type: 'application/json' }) }],
    ['other letters', by('content-type'), signed({ type: 'Application/JSON' })],
  ],
  body: [
    ['blanks', by('body-serialised'), signed({ body: '{"sku": "A-1", "name": "é"}' })],
    ['sorted', by('body-serialised'), signed({ body: '{"name":"é","sku":"A-1"}' })],
    ['LF added', by('body-line-breaks'), signed({ body: '{"sku":"A-1","name":"é"}\n' })],
    ['pretty', by('body-serialised'), signed({ body: '{\n  "sku": "A-1",\n  "name": "é"\n}' })],
    ['form decoded', by('body-serialised'), { body: form, type: formType, ...signed({ body: 'a=1 2&b=é' }) }],
    ['form +', by('body-serialised'), { body: form, type: formType, ...signed({ body: 'a=1+2&b=%C3%A9' }) }],
    ['\\u escapes', by('body-serialised'), signed({ body: python })],
    [
      'latin-1',
      by('body-encoding'),
      { body: Buffer.from('{"name":"é"}', 'latin1'), ...signed({ body: '{"name":"é"}' }) },
    ],
    [
      'gzip',
      by('body-coding'),
      {
        body: gzipSync('{"sku":"A-1"}'),
        signedHeaders: { 'content-encoding': 'gzip' },
        ...signed({ body: '{"sku":"A-1"}' }),
      },
    ],
  ],
  digest: [
    ['hex', refusal(/Content-Digest.*expected sha-256=:/), { digest: (hash) => `sha-256=${hash.toString('hex')}` }],
    [
      'hex in colons',
      refusal(/Content-Digest.*expected sha-256=:/),
      { digest: (hash) => `sha-256=:${hash.toString('hex')}:` },
    ],
    [
      'base64 of hex',
      refusal(/Content-Digest.*expected sha-256=:/),
      { digest: (hash) => `sha-256=:${Buffer.from(hash.toString('hex')).toString('base64')}:` },
    ],
    [
      'base64url',
      refusal(/Content-Digest.*expected sha-256=:/),
      { body: '{"n":7}', digest: (hash) => `sha-256=:${hash.toString('base64url')}=:` },
    ],
    [
      'no padding',
      refusal(/Content-Digest.*expected sha-256=:/),
      { digest: (hash) => `sha-256=:${hash.toString('base64url').replace(/-/g, '+').replace(/_/g, '/')}:` },
    ],
    [
      'SHA-256',
      refusal(/Content-Digest.*expected sha-256=:/),
      { digest: (hash) => `SHA-256=:${hash.toString('base64')}:` },
    ],
    [
      'old Digest',
      by('field-form'),
      {
        fields: ({ 'Content-Digest': digest = '', ...fields }) => ({
          ...fields,
          Digest: digest.replace(/^sha-256=:(.*):$/, 'SHA-256=$1'),
        }),
      },
    ],
    ['not sent', by('field-form'), { fields: ({ 'Content-Digest': _, ...fields }) => fields }],
    ['line as base64', by('string-line'), lines((all) => all.map((line) => line.replace(/^sha-256=:(.*):$/, '$1')))],
    [
      'line as hex',
      by('string-line'),
      lines((all) =>
        all.map((line) => line.replace(/^sha-256=:(.*):$/, (_, text) => Buffer.from(text, 'base64').toString('hex'))),
      ),
    ],
    ['line as body', by('string-line'), signed({ digest: '{"sku":"A-1","name":"é"}' })],
  ],
  string: [
    ['LF at end', by('string-line-breaks'), written((text) => `${text}\n`)],
    ['CRLF', by('string-line-breaks'), written((text) => text.replace(/\n/g, '\r\n'))],
    ['literal \\n', by('string-line-breaks'), written((text) => text.replace(/\n/g, '\\n'))],
    ['empty lines out', by('string-line-breaks'), { ...get, ...lines((all) => all.filter(Boolean)) }],
    ['last line out', by('string-line'), lines((all) => all.slice(0, -1))],
    ['first line out', by('string-line'), lines((all) => all.slice(1))],
    ['countersign-v1 first', by('string-line'), signed({ first: 'countersign-v1' })],
    [
      'time and nonce swapped',
      by('string-order'),
      lines(([first = '', key = '', time = '', nonce = '', ...rest]) => [first, key, nonce, time, ...rest]),
    ],
    ['blanks for LF', by('string-line-breaks'), written((text) => text.replace(/\n/g, ' '))],
    ['UTF-16', by('string-encoding'), written((text) => Buffer.from(text, 'utf16le'))],
    ['hashed', by('string-hashed'), written((text) => createHash('sha256').update(text).digest('hex'))],
  ],
  headers: [
    [
      'Authorization',
      refusal(/neither X-API-Key nor X-API-Signature/),
      { fields: ({ 'X-API-Signature': signature }) => ({ Authorization: `Countersign ${signature}` }) },
    ],
    ['no key', refusal(/X-API-Key is missing/), { fields: ({ 'X-API-Key': _, ...fields }) => fields }],
    ['no nonce', refusal(/X-API-Nonce is missing/), { fields: ({ 'X-API-Nonce': _, ...fields }) => fields }],
    ['no time', refusal(/X-API-Timestamp is missing/), { fields: ({ 'X-API-Timestamp': _, ...fields }) => fields }],
    [
      'underscores',
      refusal(/neither X-API-Key nor X-API-Signature/),
      {
        fields: (fields) =>
          Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/-/g, '_'), value])),
      },
    ],
  ],
  'access key': [
    ['cut off', refusal(/cut off or mistyped/), { accessKey: (key) => key.slice(0, -3) }],
    [
      'other environment',
      'nobody',
      { accessKey: (key) => key.replace(/_[^_]+_([\da-f]{32})[\da-f]{8}$/, (_, id) => withChecksum(`_live_${id}`)) },
    ],
  ],
  'signed headers': [
    ['line left out', by('string-line'), { ...tracked, ...lines((all) => all.slice(0, -1)) }],
    [
      'blank after colon',
      by('string-line'),
      { ...tracked, ...lines((all) => all.map((line) => line.replace(/^(x-[\w-]+):/, '$1: '))) },
    ],
    [
      'upper case',
      refusal(/X-API-Signed-Headers must name .* in lower case/),
      { ...tracked, fields: (fields) => ({ ...fields, 'X-API-Signed-Headers': 'X-Request-Id;X-Tenant' }) },
    ],
    [
      'commas',
      refusal(/X-API-Signed-Headers must name/),
      { ...tracked, fields: (fields) => ({ ...fields, 'X-API-Signed-Headers': 'x-request-id,x-tenant' }) },
    ],
  ],
};

const withChecksum = (rest: string): string => {
  const text = `csign_ak${rest}`;
  return rest + createHash('sha256').update(text).digest('hex').slice(0, 8);
};
