import { SignatureError } from 'countersign';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecordedRequest } from '../../../src/cli/recorded/recorded-request.ts';

const read = (record: unknown) => {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  const { headers, body, ...rest } = parseRecordedRequest(Buffer.from(text));
  const named = Object.fromEntries([...(headers.keys?.() ?? [])].map((name) => [name, headers.get(name)]));
  return { ...rest, headers: named, body: body && Buffer.from(body).toString() };
};

const expected = {
  method: 'POST',
  scheme: 'https',
  authority: 'api.example.com',
  target: '/v1/orders?a=b%20c',
  headers: { 'content-type': 'application/json', 'x-a': '1, 2' },
  body: '{"name":"é"}',
};
const url = 'https://api.example.com/v1/orders?a=b%20c';
const body = '{"name":"é"}';

describe('JSON', () => {
  it.each([
    ['an object', { 'Content-Type': 'application/json', 'X-A': ['1', 2] }],
    [
      'pairs',
      [
        ['Content-Type', 'application/json'],
        ['x-a', '1'],
        ['X-A', '2'],
      ],
    ],
    [
      'names and values',
      [
        { name: 'Content-Type', value: 'application/json' },
        { key: 'x-a', value: '1, 2' },
      ],
    ],
  ])('with headers as %s', (_, headers) => {
    expect(read({ method: 'POST', url, headers, body })).toEqual(expected);
    expect(read({ method: 'POST', url, headers, bodyBase64: Buffer.from(body).toString('base64') })).toEqual(expected);
    expect(read(`\ufeff${JSON.stringify({ method: 'POST', url, headers, body }, null, 2)}`)).toEqual(expected);
  });

  it('takes the Host header for the address, and no fragment for the target', () => {
    expect(read({ url: 'http://user:pass@127.0.0.1:8080?x#y', headers: { Host: 'api.example.com' } })).toMatchObject({
      method: 'GET',
      scheme: 'http',
      authority: 'api.example.com',
      target: '/?x',
      body: undefined,
    });
    expect(read({ url: 'HTTPS://API.example.com' })).toMatchObject({ authority: 'API.example.com', target: '/' });
  });

  it.each([
    ['{', 'not valid JSON'],
    ['[]', 'no object with method'],
    ['{}', 'url must be'],
    ['{"url":"/v1"}', 'url must be'],
    ['{"url":"https://a","method":"GET /"}', 'method must be'],
    ['{"url":"https://a","method":7}', 'method must be'],
    ['{"url":"https://a","headers":"x"}', 'headers must be'],
    ['{"url":"https://a","headers":{"x":{}}}', 'the header x has no text'],
    ['{"url":"https://a","headers":[1]}', 'names and values'],
    ['{"url":"https://a","body":{"a":1}}', 'a parsed body has lost its form'],
    ['{"log":{"entries":[]}}', 'no request'],
    ['{"log":{"entries":[{}]}}', 'no request'],
  ])('refuses %s', (text, says) => {
    expect(() => read(text)).toThrow(says);
  });
});

describe('a HAR file', () => {
  const request = {
    method: 'POST',
    url,
    headers: [
      { name: ':authority', value: 'api.example.com' },
      { name: 'content-type', value: 'application/json' },
      { name: 'x-a', value: '1, 2' },
    ],
    bodySize: 13,
    postData: { mimeType: 'application/json', text: body },
  };
  const har = (...entries: unknown[]) => ({ log: { version: '1.2', entries } });

  it('is read like a browser writes it', () => {
    expect(read(har({ request, response: { status: 401 } }))).toEqual(expected);
    const base64 = { ...request, postData: { text: Buffer.from(body).toString('base64'), encoding: 'base64' } };
    expect(read(har({ request: base64 }))).toEqual(expected);
  });

  it('has several requests, of which the last refused one counts', () => {
    const refused = { request, response: { status: 401 } };
    const others = [{ request: { ...request, url: 'https://a' }, response: { status: 200 } }];
    expect(read(har(...others, refused, ...others))).toEqual({
      ...expected,
      passedOver: '2 other requests of the HAR file',
    });
    expect(read(har(refused, { request: { ...request, url: 'https://a' }, response: { status: 403 } })).authority).toBe(
      'a',
    );
    expect(read(har({ request: { ...request, url: 'https://a' } }, { request })).authority).toBe('api.example.com');
  });

  it('may lack the body', () => {
    const { postData: _, ...without } = request;
    expect(read(har({ request: without })).missingBody).toBe('a body of 13 bytes');
    const form = { ...without, postData: { mimeType: 'multipart/form-data', params: [] } };
    expect(read(har({ request: form })).missingBody).toBe('a body of 13 bytes');
    expect(read(har({ request: { ...without, bodySize: -1 } }))).not.toHaveProperty('missingBody');
  });
});

describe('the console of Postman', () => {
  const entry = (more: object = {}) =>
    `POST ${url}: ${JSON.stringify(
      {
        Network: { addresses: { remote: { port: 443 } } },
        'Request Headers': { 'content-type': 'application/json', 'x-a': ['1', '2'] },
        'Request Body': body,
        'Response Headers': { vary: ['a', 'b'] },
        'Response Body': '{"code":"invalid_signature"}',
        ...more,
      },
      null,
      2,
    )}`;

  it('is read as it is copied', () => {
    expect(read(entry())).toEqual(expected);
    expect(read(`\n${entry()}\r\n\r\n`.replaceAll('\n', '\r\n'))).toEqual(expected);
    expect(read(`${entry({ 'Request Body': 'first' })}\n\n${entry()}\n`)).toEqual({
      ...expected,
      passedOver: '1 earlier request of the console',
    });
  });

  it('lacks the body of a form, and of a GET', () => {
    expect(read(entry({ 'Request Body': { a: '1' } }))).toMatchObject({
      body: undefined,
      missingBody: expect.stringContaining('a form'),
    });
    expect(read(entry({ 'Request Body': undefined }))).not.toHaveProperty('missingBody');
  });

  it('is refused where it is cut off', () => {
    const text = entry();
    expect(() => read(text.slice(0, -40))).toThrow('copy the whole entry');
  });
});

describe('every form', () => {
  const name = fc.stringMatching(/^[a-z][a-z-]{0,10}$/).filter((text) => text !== 'host');
  const value = fc.stringMatching(/^[!-~](?:[ -~]{0,30}[!-~])?$/);
  const records = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    path: fc.stringMatching(/^\/[!$%&'()*+,.0-9:;=@A-Z_a-z~/-]{0,30}$/),
    query: fc.option(fc.stringMatching(/^[!$%&'()*+,.0-9:;=@A-Z_a-z~/?-]{0,30}$/)),
    headers: fc.dictionary(name, value, { noNullPrototype: true }),
    body: fc.string({ unit: 'grapheme', minLength: 1 }),
  });

  it('is read back', () => {
    fc.assert(
      fc.property(records, ({ method, path, query, headers, body }) => {
        const target = query === null ? path : `${path}?${query}`;
        const url = `https://api.example.com${target}`;
        const list = Object.entries(headers).map(([name, value]) => ({ name, value }));
        const texts = [
          JSON.stringify({ method, url, headers, body }),
          JSON.stringify({ method, url, headers: list, body }),
          JSON.stringify({ log: { entries: [{ request: { method, url, headers: list, postData: { text: body } } }] } }),
          `${method} ${url}: ${JSON.stringify({ 'Request Headers': headers, 'Request Body': body }, null, 2)}`,
        ];
        for (const text of texts) {
          expect(read(text)).toEqual({ method, scheme: 'https', authority: 'api.example.com', target, headers, body });
        }
      }),
    );
  });

  it('is no form where it stands in the body of a message', () => {
    const quoted = [
      '> GET / HTTP/1.1\n> Host: b',
      '== Info: x\n=> Send header, 9 bytes (0x9)',
      'GET https://a.example: {\n}',
    ];
    for (const text of quoted) {
      expect(read(`POST /v1 HTTP/1.1\nHost: a\n\n${text}`)).toMatchObject({ target: '/v1', body: text });
    }
  });

  it('is read, or refused as invalid', () => {
    const begin = fc.constantFrom(
      ...['', '{', '{"log":{"entries":[{"request":', '{"url":"https://a","headers":', 'GET https://a.example: {\n'],
      ...['> GET / HTTP/1.1\n', '* Trying\n> GET / HTTP/1.1\n> a', '== Info: x\n=> Send header, 9 bytes (0x9)\n0000: '],
      '=> Send data, 3 bytes (0x3)\n',
    );
    const rest = fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[\n:>={}"a0 ]{0,40}$/));
    fc.assert(
      fc.property(begin, rest, (start, end) => {
        try {
          read(start + end);
        } catch (error) {
          expect(error).toBeInstanceOf(SignatureError);
          expect(error).toMatchObject({ code: 'invalid_request' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
