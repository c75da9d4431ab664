import { newYear, partner, type SignDraft, sha256 } from './oracle.ts';

export const plain: readonly SignDraft[] = [
  { name: 'get', rule: 'The smallest request: content type and body digest are empty lines.' },
  {
    name: 'post-json',
    rule: 'A body enters the string to sign as its Content-Digest value.',
    method: 'POST',
    headers: [['Content-Type', 'application/json']],
    body: { utf8: '{"sku":"A-1","quantity":2}' },
  },
];

export const methods: readonly SignDraft[] = [
  ...['HEAD', 'DELETE', 'OPTIONS', 'REPORT'].map((method) => ({
    name: `method-${method.toLowerCase()}`,
    rule: 'The method as it is sent.',
    method,
  })),
  { name: 'method-in-lower-case', rule: 'The method is in upper case.', method: 'get', expect: { method: 'GET' } },
  {
    name: 'method-patch-in-lower-case',
    rule: 'The method is in upper case, whatever a client sends.',
    method: 'patch',
    headers: [['Content-Type', 'application/merge-patch+json']],
    body: { utf8: '{"quantity":3}' },
    expect: { method: 'PATCH' },
  },
  {
    name: 'method-delete-with-body',
    rule: 'Any method but GET and HEAD may have a body.',
    method: 'DELETE',
    headers: [['Content-Type', 'application/json']],
    body: { utf8: '["A-1","A-2"]' },
  },
];

const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64');
const boundary = '----countersign0123456789abcdef';
const multipart =
  `--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\ngrüße\r\n` +
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n` +
  `one\ntwo\r\n--${boundary}--\r\n`;

const body = (name: string, bytes: SignDraft['body'], type: string, rule: string): SignDraft => ({
  name: `body-${name}`,
  rule,
  method: 'POST',
  headers: type ? [['Content-Type', type]] : [],
  ...(bytes && { body: bytes }),
});

export const bodies: readonly SignDraft[] = [
  body('empty', { utf8: '' }, 'application/json', 'An empty body is none: there is no digest.'),
  body('absent', undefined, '', 'No body, no content type.'),
  body('without-type', { base64: 'AAECAw==' }, '', 'A body without content type: the line is empty.'),
  body(
    'as-it-stands',
    { utf8: '{ "b" : 1,\r\n\t"a":1.0 }\n' },
    'application/json',
    'Bytes are hashed as they are sent.',
  ),
  body('utf-8', { utf8: '{"name":"Zoë 😀"}' }, 'application/json; charset=utf-8', 'Text is sent as UTF-8.'),
  body('zero-byte', { base64: 'AA==' }, 'application/octet-stream', 'One byte, which is zero.'),
  body('every-byte', { base64: every }, 'application/octet-stream', 'Bytes that are no text.'),
  body('form', { utf8: 'a=b+c&d=%C3%A9&a=' }, 'application/x-www-form-urlencoded', 'A form is bytes like any others.'),
  body('multipart', { utf8: multipart }, `multipart/form-data; boundary=${boundary}`, 'The boundary is in the type.'),
  body('4095-bytes', { repeat: { utf8: 'a', times: 4095 } }, 'text/plain', 'Below what WebCrypto is asked to hash.'),
  body('4096-bytes', { repeat: { utf8: 'a', times: 4096 } }, 'text/plain', 'From here on WebCrypto may be asked.'),
  body('64-kib', { repeat: { utf8: '01234567', times: 8193 } }, 'text/plain', 'More than one slice of 65536 bytes.'),
  body('1-mib', { repeat: { utf8: '0123456789abcdef', times: 65536 } }, 'text/plain', '1048576 bytes.'),
  {
    ...body('unsigned', { utf8: 'streamed' }, 'application/octet-stream', 'A body that is left out says so.'),
    unsignedBody: true,
  },
];

export const contentTypes: readonly SignDraft[] = [
  body('type-with-parameters', { utf8: 'a' }, 'text/plain;charset=UTF-8', 'The content type stands whole.'),
  body('type-in-upper-case', { utf8: '{}' }, 'Application/JSON', 'Its case is not changed.'),
  {
    ...body('type-trimmed', { utf8: 'a' }, ' \ttext/plain  ; charset=utf-8\t ', 'Blanks around it are not part of it.'),
    expect: { contentType: 'text/plain  ; charset=utf-8' },
  },
  {
    name: 'body-type-alone',
    rule: 'A content type is signed also where there is no body.',
    headers: [['Content-Type', 'application/json']],
  },
];

const keyed = (name: string, secret: { utf8: string } | { base64: string }, rule: string): SignDraft => ({
  name: `secret-${name}`,
  rule,
  credentials: { accessKey: partner.accessKey, secret },
});

const generated = (prefix: string, size: number): string => {
  const text = prefix + sha256(`countersign-v1 ${prefix}`).toString('hex').slice(0, size);
  return text + sha256(text).toString('hex').slice(0, 8);
};

export const credentials: readonly SignDraft[] = [
  keyed('of-16-bytes', { utf8: '0123456789abcdef' }, 'The shortest secret.'),
  keyed('of-64-bytes', { utf8: 's'.repeat(64) }, 'As long as a block of SHA-256.'),
  keyed('of-65-bytes', { utf8: 's'.repeat(65) }, 'Longer than a block: HMAC hashes it first.'),
  keyed('of-300-bytes', { utf8: 'long '.repeat(60) }, 'Much longer than a block.'),
  keyed('non-ascii', { utf8: 'Schlüssel für 日本 😀' }, 'The key is the UTF-8 bytes of the text.'),
  keyed('of-bytes', { base64: 'AAECA//+/fyAgYKD8PHy8wAAAAAAAAAA' }, 'A secret given as bytes is those bytes.'),
  keyed('like-hex', { utf8: '000102030405060708090a0b0c0d0e0f' }, 'Text that looks like hex is not decoded.'),
  keyed('like-base64', { utf8: 'MDEyMzQ1Njc4OWFiY2RlZg==' }, 'Text that looks like base64 is not decoded.'),
  keyed('with-blanks', { utf8: ' 0123456789abcdef\n' }, 'Nothing is trimmed off.'),
  {
    name: 'credentials-generated',
    rule: 'Prefix and checksum of generated credentials are part of them.',
    credentials: {
      accessKey: generated('csign_ak_test_', 32),
      secret: { utf8: generated('csign_sk_test_', 64) },
    },
  },
  ...['k', 'k'.repeat(512), 'AZaz09._~-'].map((accessKey, i) => ({
    name: `access-key-${['shortest', 'longest', 'of-all-kinds'][i]}`,
    rule: '1 to 512 characters of A-Z a-z 0-9 . _ ~ -',
    credentials: { ...partner, accessKey },
  })),
];

export const timesAndNonces: readonly SignDraft[] = [
  { name: 'time-zero', rule: 'The first second.', time: 0 },
  { name: 'time-of-12-digits', rule: 'The last second.', time: 999999999999 },
  { name: 'time-now', rule: 'Seconds, not milliseconds.', time: newYear + 1 },
  { name: 'nonce-shortest', rule: '16 characters.', nonce: 'AZaz09_-AZaz09_-' },
  { name: 'nonce-longest', rule: '128 characters.', nonce: 'nonce_-0'.repeat(16) },
];

const signed = (
  name: string,
  signedHeaders: readonly string[],
  headers: SignDraft['headers'] & object,
  lines: readonly string[],
  rule: string,
): SignDraft => ({
  name: `signed-${name}`,
  rule,
  signedHeaders,
  headers,
  expect: { lines, names: lines.map((line) => line.split(':')[0]).join(';') },
});

export const signedHeaders: readonly SignDraft[] = [
  signed('header', ['x-request-id'], [['X-Request-Id', 'a1']], ['x-request-id:a1'], 'One line, name in lower case.'),
  signed('header-by-any-case', ['X-Request-ID'], [['x-request-id', 'a1']], ['x-request-id:a1'], 'However it is named.'),
  signed(
    'headers-sorted',
    ['x-b', 'X-A', 'accept-language', 'x-a-b', 'x-ab', 'x_a'],
    [
      ['X-B', '2'],
      ['X-A', '1'],
      ['X-AB', '4'],
      ['X-A-B', '3'],
      ['X_A', '5'],
      ['Accept-Language', 'de'],
    ],
    ['accept-language:de', 'x-a:1', 'x-a-b:3', 'x-ab:4', 'x-b:2', 'x_a:5'],
    'Names are sorted by their bytes.',
  ),
  signed('header-twice-named', ['x-a', 'X-A'], [['X-A', '1']], ['x-a:1'], 'A header named twice is signed once.'),
  signed('header-trimmed', ['x-a'], [['X-A', ' \t a  b\t ']], ['x-a:a  b'], 'Blanks around a value do not count.'),
  signed(
    'header-repeated',
    ['x-a'],
    [
      ['X-A', 'one'],
      ['X-B', '-'],
      ['x-a', 'two'],
      ['X-A', 'one'],
    ],
    ['x-a:one, two, one'],
    'Repeated values are joined, in their order.',
  ),
  signed(
    'header-repeated-and-empty',
    ['x-a'],
    [
      ['X-A', 'a'],
      ['X-A', ''],
    ],
    ['x-a:a,'],
    'What is joined is trimmed again: no blank follows the last comma.',
  ),
  signed('header-empty', ['x-a'], [['X-A', '']], ['x-a:'], 'An empty value is not an absent one.'),
  signed(
    'header-of-any-text',
    ['x-a'],
    [['X-A', 'a:b, "c;d"\\=e%20+~\tf']],
    ['x-a:a:b, "c;d"\\=e%20+~\tf'],
    'Values are not parsed.',
  ),
  signed(
    'header-authorization',
    ['authorization'],
    [['Authorization', 'Bearer a.b']],
    ['authorization:Bearer a.b'],
    '',
  ),
  signed('header-proto', ['__proto__'], [['__proto__', 'a']], ['__proto__:a'], 'A name is nothing but a name.'),
].map((draft) => ({ ...draft, rule: draft.rule || 'Any header that a client may set can be signed.' }));

/** What docs/protocol.md works through to the byte. */
export const example: SignDraft = {
  name: 'example',
  rule: 'Everything at once: the example of docs/protocol.md.',
  method: 'POST',
  sent: '/v1/%7eshop/orders?dry-run&q=a%2fb',
  signedHeaders: ['idempotency-key'],
  headers: [
    ['Content-Type', 'application/json'],
    ['Idempotency-Key', '8e03978e'],
  ],
  body: { utf8: '{"sku":"A-1"}' },
  expect: {
    target: '/v1/~shop/orders?dry-run&q=a%2Fb',
    lines: ['idempotency-key:8e03978e'],
    names: 'idempotency-key',
  },
};
