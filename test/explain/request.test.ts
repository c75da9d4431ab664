import { describe, expect, it } from 'vitest';
import { type Case, codesOf, explain, receivedFrom, secret } from './partner.ts';

it('explains a request that verifies, stage by stage', async () => {
  const explanation = await explain({});
  expect(explanation).toEqual({
    verified: true,
    scheme: 'countersign-v1',
    fields: [
      { name: 'x-api-key', value: 'partner-1' },
      { name: 'x-api-timestamp', value: '1795348800' },
      { name: 'x-api-nonce', value: 'bm9uY2UtMTIzNDU2Nzg' },
      { name: 'x-api-signature', value: 'v1=…' },
      { name: 'content-digest', value: expect.stringMatching(/^sha-256=:.{44}:$/) },
    ],
    message: { method: 'POST', protocol: 'https', authority: 'api.example.com', target: '/v1/orders?b=2&a=1' },
    key: { accessKey: 'partner-1', found: true, secrets: [{ state: 'active', fits: true }] },
    stringToSign: expect.stringMatching(
      /^countersign-v1-request\npartner-1\n1795348800\n.*\nPOST\napi\.example\.com\n/,
    ),
    time: { signedAt: 1795348800_000, judgedAt: 1795348800_000, tolerance: 300, fresh: true },
    body: { bytes: 13, sha256: expect.any(String), signed: 'digest', expected: expect.any(String), fits: true },
    differences: [],
    leftOut: [],
  });
  expect(explanation.body.expected).toBe(explanation.body.sha256);
});

type Row = [name: string, codes: readonly string[], given: Case, says?: string];

/** Each is told, exactly, with all that differs and nothing else, and proven. */
function tells(rows: Row[]): void {
  it.each<Row>(rows)('%s', async (_, codes, given, says = '') => {
    const explanation = await explain(given);
    expect(explanation.verified).toBe(false);
    expect(codesOf(explanation), JSON.stringify(explanation, null, 1)).toEqual(codes);
    expect(explanation.differences.every(({ proven }) => proven)).toBe(true);
    expect(explanation.differences.map(({ message, remedy }) => `${message} ${remedy}`).join('\n')).toContain(says);
  });
}

const forwarded = (headers: Readonly<Record<string, string>>) => ({ 'content-type': 'application/json', ...headers });

describe('tells the address that was signed', () => {
  tells([
    [
      'another host, which a proxy has put in its header',
      ['host'],
      { received: { authority: '10.0.0.7:8080', headers: forwarded({ 'x-forwarded-host': 'api.example.com' }) } },
      'publicOrigin',
    ],
    [
      'another host, as RFC 7239 tells it',
      ['host'],
      {
        received: {
          authority: 'internal',
          headers: forwarded({ forwarded: 'for=1.2.3.4;host="api.example.com";proto=https' }),
        },
      },
    ],
    [
      'host and prefix, as proxies tell them',
      ['host'],
      {
        received: {
          authority: 'orders.internal:3000',
          target: '/orders?b=2&a=1',
          scheme: 'http',
          headers: forwarded({
            'x-forwarded-host': 'api.example.com',
            'x-forwarded-prefix': '/v1/',
            'x-forwarded-proto': 'https',
          }),
        },
      },
      'publicPath to /v1',
    ],
    [
      'another host, which is suspected',
      ['host'],
      { received: { authority: 'internal' }, options: { origins: ['https://api.example.com'] } },
      'api.example.com',
    ],
    [
      'the host in upper case',
      ['host'],
      { partner: { authority: 'API.Example.com' }, received: { authority: 'API.Example.com' } },
    ],
    ['no host at all', ['host'], { partner: { authority: '' } }],
    ['the origin in place of the host', ['host'], { partner: { authority: 'https://api.example.com' } }],
    [
      'localhost by its address',
      ['host'],
      { partner: { authority: 'localhost:3000' }, received: { authority: '127.0.0.1:3000' } },
    ],
    ['a default port', ['port'], { partner: { authority: 'api.example.com:443' } }, 'default port'],
    ['no port', ['port'], { received: { authority: 'api.example.com:8443' } }],
    [
      'the default port of the other protocol',
      ['protocol'],
      { received: { authority: 'api.example.com:443', scheme: 'http' } },
    ],
  ]);
});

describe('tells the path that was signed', () => {
  const at = (target: string) => ({ target });
  tells([
    [
      'with the prefix that a proxy takes off',
      ['path-prefix'],
      { received: at('/orders?b=2&a=1') },
      'publicPath to /v1',
    ],
    ['without the base path of the API', ['path-prefix'], { partner: at('/orders?b=2&a=1') }, 'whole path'],
    [
      'with a prefix that is suspected',
      ['path-prefix'],
      { partner: at('/shop/eu/orders'), received: at('/orders'), options: { paths: ['/shop/eu'] } },
      '/shop/eu',
    ],
    [
      'before a proxy has rewritten it',
      ['path-prefix'],
      {
        partner: at('/a/b'),
        received: { ...at('/internal?x=a%2Fb'), headers: forwarded({ 'x-original-uri': '/a/b' }) },
      },
      'x-original-uri',
    ],
    ['without the slash at its end', ['path-slash'], { partner: at('/v1/orders'), received: at('/v1/orders/') }],
    ['with a slash at its end', ['path-slash'], { partner: at('/v1/orders/'), received: at('/v1/orders') }],
    ['with two slashes at its beginning', ['path-slash'], { partner: at('//v1/orders'), received: at('/v1/orders') }],
    ['without a slash at its beginning', ['path-slash'], { partner: at('v1/orders'), received: at('/v1/orders') }],
    ['with dot segments resolved', ['path-slash'], { partner: at('/v1/orders'), received: at('/v1/x/../orders') }],
    ['decoded', ['path-encoding'], { partner: at('/v1/a b'), received: at('/v1/a%20b') }],
    ['encoded twice', ['path-encoding'], { partner: at('/v1/a%2520b'), received: at('/v1/a%20b') }],
    ['not normalised', ['path-encoding'], { partner: at('/v1/%7Ea'), received: at('/v1/%7Ea') }],
    ['with escapes in lower case', ['path-encoding'], { partner: at('/v1/a%2fb'), received: at('/v1/a%2Fb') }],
    ['in lower case', ['path-case'], { partner: at('/v1/orders'), received: at('/V1/Orders') }],
    ['as a whole URL', ['whole-url'], { partner: at('https://api.example.com/v1/orders'), received: at('/v1/orders') }],
  ]);
});

describe('tells the query that was signed', () => {
  const query = (signed: string, received: string): Case => ({
    partner: { target: `/${signed}` },
    received: { target: `/${received}` },
  });
  tells([
    ['left out', ['query-left-out'], query('', '?a=1')],
    ['sorted', ['query-order'], query('?a=1&b=2', '?b=2&a=1'), 'sort'],
    ['with %20 for +', ['query-encoding'], query('?q=a%20b', '?q=a+b')],
    ['with + for %20', ['query-encoding'], query('?q=a+b', '?q=a%20b')],
    ['decoded', ['query-encoding'], query('?q=a b/ü', '?q=a%20b%2F%C3%BC')],
    ['with !*() escaped', ['query-encoding'], query('?q=%21%2A%28%29', '?q=!*()')],
    ['with brackets escaped', ['query-encoding'], query('?x%5B%5D=1', '?x[]=1')],
    ['with escapes in lower case', ['query-encoding'], query('?q=%c3%bc', '?q=%C3%BC')],
    ['without the = of an empty value', ['query-encoding'], query('?a&b=1', '?a=&b=1')],
    ['with &amp;', ['query-encoding'], query('?a=1&amp;b=2', '?a=1&b=2')],
    ['without a parameter that came later', ['query-parameter'], query('?a=1', '?a=1&utm_source=x'), 'utm_source'],
    ['sorted, in a path with a slash more', ['path-slash', 'query-order'], query('a/?a=1&b=2', 'a?b=2&a=1')],
  ]);
});

describe('tells the method and the headers that were signed', () => {
  tells([
    ['the method in lower case', ['method'], { partner: { method: 'post' } }],
    ['another method', ['method'], { partner: { method: 'PUT' } }, 'PUT'],
    [
      'the method that a header names',
      ['method'],
      { partner: { method: 'REPORT' }, received: { headers: forwarded({ 'x-http-method-override': 'REPORT' }) } },
    ],
    ['no content type', ['content-type'], { partner: { headers: {} } }, 'application/json was received'],
    [
      'a content type, which was taken off',
      ['content-type'],
      { received: { headers: {} } },
      'the content type application/json',
    ],
    [
      'a content type without its charset',
      ['content-type'],
      { received: { headers: { 'content-type': 'application/json; charset=utf-8' } } },
    ],
    [
      'a header, to which a proxy has added',
      ['header-value'],
      {
        partner: { headers: forwarded({ 'x-forwarded-for': '192.0.2.1' }), signedHeaders: ['x-forwarded-for'] },
        received: { headers: forwarded({ 'x-forwarded-for': '192.0.2.1, 10.0.0.1' }) },
      },
      '"192.0.2.1"',
    ],
    [
      'a header with other white space, and no word of what a token is',
      ['header-value'],
      {
        partner: { headers: forwarded({ 'x-session-token': 'a b' }), signedHeaders: ['x-session-token'] },
        received: { headers: forwarded({ 'x-session-token': 'a   b' }) },
      },
      '(3 characters)',
    ],
  ]);
});

describe('tells the body that was signed', () => {
  const body = (
    signed: string | Uint8Array,
    received: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Case => ({
    partner: { body: signed, ...(headers && { headers }) },
    received: { body: received, ...(headers && { headers }) },
  });
  const value = { b: 'ü/<', a: [1, 2.5, null, true], c: {} };
  const json = JSON.stringify(value);
  tells([
    ['with a line break at its end', ['body-line-breaks'], body('{}\n', '{}')],
    ['without the line break at its end', ['body-line-breaks'], body('{}', '{}\r\n')],
    ['with CR and LF', ['body-line-breaks'], body('a\r\nb', 'a\nb')],
    ['with LF alone', ['body-line-breaks'], body('a\nb', 'a\r\nb')],
    ['without its byte order mark', ['body-byte-order-mark'], body('{}', '\ufeff{}')],
    ['with a byte order mark', ['body-byte-order-mark'], body('\ufeff{}', '{}')],
    [
      'as Python writes JSON',
      ['body-serialised'],
      body('{"b": "\\u00fc/<", "a": [1, 2.5, null, true], "c": {}}', json),
      'json.dumps',
    ],
    ['indented', ['body-serialised'], body(JSON.stringify(value, null, 2), json), '2 spaces'],
    ['without white space', ['body-serialised'], body(json, JSON.stringify(value, null, 4))],
    ['with sorted names', ['body-serialised'], body('{"a":[1,2.5,null,true],"b":"ü/<","c":{}}', json), 'sorted'],
    ['with escaped slashes', ['body-serialised'], body(json.replace('ü/', '\\u00fc\\/'), json), 'PHP'],
    ['as Go writes JSON', ['body-serialised'], body(json.replace('<', '\\u003c'), json), 'Go'],
    ['as a form, encoded otherwise', ['body-serialised'], body('a=b+c&d=%C3%BC', 'a=b%20c&d=%C3%BC')],
    ['in Latin-1', ['body-encoding'], body(Buffer.from('Größe', 'latin1'), 'Größe')],
    ['encoded as UTF-8 twice', ['body-encoding'], body(Buffer.from('Größe').toString('latin1'), 'Größe')],
    ['in another normalisation form', ['body-encoding'], body('Gro\u0308ße', 'Größe')],
    ['in base64', ['body-coding'], body('eyJhIjoxfQ==', '{"a":1}')],
    ['before it was put into base64', ['body-coding'], body(new Uint8Array([0, 255, 7]), 'AP8H')],
    ['as the text undefined', ['body-replaced'], body('undefined', '{"a":1}')],
    ['as none', ['body-replaced'], body('', '{"a":1}'), 'no body'],
    ['as nothing that is usual', ['body-replaced'], body('quite another one', '{"a":1}'), 'no usual change of it'],
  ]);

  it('beside another path', async () => {
    const explanation = await explain({ received: { target: '/orders?b=2&a=1', body: '{"sku": "A-1"}' } });
    expect(codesOf(explanation)).toEqual(['path-prefix', 'body-serialised']);
  });
});

it('tells the line in which what was signed differs', async () => {
  const { stringToSign = '', signedString = '' } = await explain({ received: { target: '/orders?b=2&a=1' } });
  const differing = stringToSign
    .split('\n')
    .flatMap((line, place) => (signedString.split('\n')[place] === line ? [] : [line]));
  expect(differing).toEqual(['/orders?b=2&a=1']);
  expect(signedString).toContain('\n/v1/orders?b=2&a=1\n');
});

it('finds nothing where there is nothing usual, and says so', async () => {
  for (const given of [
    { partner: { secret: 'quite another secret of 32 bytes' } },
    { partner: { authority: 'nobody.knows.example' } },
    { partner: { target: '/quite/another' } },
  ]) {
    const explanation = await explain(given);
    expect(explanation).toMatchObject({ verified: false, code: 'signature_mismatch', differences: [] });
    expect(explanation).not.toHaveProperty('signedString');
  }
});

it('takes a Request, and leaves nothing of its body out', async () => {
  const { explainSignature } = await import('countersign/explain');
  const { memoryKeys } = await import('countersign/server');
  const { method, headers, target, body } = receivedFrom({});
  const fields = [...(headers.keys?.() ?? [])].map((name) => [name, headers.get(name) ?? ''] as [string, string]);
  const request = new Request(`https://api.example.com${target}`, {
    method,
    headers: fields,
    body: body as Uint8Array<ArrayBuffer>,
  });
  const keys = memoryKeys([{ accessKey: 'partner-1', service: 'shop', secrets: [{ secret }] }]);
  expect(await explainSignature(request, { keys, clock: () => 1795348800_000 })).toMatchObject({
    verified: true,
    body: { bytes: 13 },
  });
});
