import { newYear, partner, type SignDraft, sha256 } from './oracle.ts';

const target = (name: string, sent: string, expected: string, rule: string): SignDraft => ({
  name: `target-${name}`,
  rule,
  sent,
  expect: { target: expected },
});

/** For targets that the URL Standard would change before they are sent. */
const rawTarget = (name: string, sent: string, expected: string, rule: string): SignDraft => ({
  ...target(name, sent, expected, rule),
  url: false,
});

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

export const targets: readonly SignDraft[] = [
  target('root', '/', '/', 'The path alone.'),
  {
    ...target('empty-path', '', '/', 'An empty path is a slash.'),
    url: 'https://api.example.com',
  },
  {
    ...target('empty-path-and-query', '?a=1', '/?a=1', 'An empty path is a slash, also before a query.'),
    url: 'https://api.example.com?a=1',
  },
  target('trailing-slash', '/v1/orders/', '/v1/orders/', 'A slash at the end stays.'),
  target('query', '/v1/orders?status=open&page=2', '/v1/orders?status=open&page=2', 'Path and query.'),
  target('empty-query', '/v1/orders?', '/v1/orders', 'An empty query loses its question mark.'),
  target('double-question-mark', '/v1/orders??', '/v1/orders??', 'A query that is a question mark is not empty.'),
  target('question-marks', '/a?b?c?', '/a?b?c?', 'Only the first question mark begins the query.'),
  target('name-without-value', '/a?x', '/a?x', 'x stays x: it is not x=.'),
  target('name-with-empty-value', '/a?x=', '/a?x=', 'x= stays x=: it is not x.'),
  target('plus', '/a?q=b+c', '/a?q=b+c', 'A plus stays a plus.'),
  target('escaped-space', '/a?q=b%20c', '/a?q=b%20c', 'An escaped space stays one, and never becomes a plus.'),
  target('escaped-plus', '/a?q=b%2Bc', '/a?q=b%2Bc', 'An escaped plus stays escaped.'),
  target('space', '/a b?q=c d', '/a%20b?q=c%20d', 'A space is escaped.'),
  target('order', '/a?b=2&a=1&c=3', '/a?b=2&a=1&c=3', 'Parameters are not sorted.'),
  target('repeated-parameters', '/a?a=2&a=1&a=2', '/a?a=2&a=1&a=2', 'Parameters may be repeated.'),
  target('empty-parameters', '/a?&&b=1&=&', '/a?&&b=1&=&', 'Nothing is tidied.'),
  target('semicolons', '/a;v=1/b?c=1;d=2', '/a;v=1/b?c=1;d=2', 'Semicolons stay.'),
  target('url-as-parameter', '/a?next=/b/c?d=e', '/a?next=/b/c?d=e', 'Slashes in a query stay.'),
  target('escaped-url', '/a?u=https%3a%2F%2Fb%2F%3Fc', '/a?u=https%3A%2F%2Fb%2F%3Fc', 'Reserved stays escaped.'),
  target('brackets', '/a?ids[]=1&ids[]=2', '/a?ids[]=1&ids[]=2', 'Brackets are not escaped.'),
  target('escaped-brackets', '/a?ids%5B%5D=1', '/a?ids%5B%5D=1', 'Escaped brackets stay escaped.'),
  target('sub-delimiters', "/a!$&'()*+,;=:@", "/a!$&'()*+,;=:@", 'What RFC 3986 lets a path hold is not escaped.'),
  rawTarget('apostrophe', "/a?q='b'", "/a?q='b'", 'An apostrophe stays, where a client sends it so.'),
  target('escaped-apostrophe', '/a?q=%27b%27', '/a?q=%27b%27', 'An escaped apostrophe stays escaped.'),
  target(
    'escaped-sub-delimiters',
    '/a%21%24%26%27%28%29%2a%2b%2c%3b%3d%3a%40',
    '/a%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40',
    'Escaped delimiters stay escaped.',
  ),
  target('lower-case-escape', '/a%2fb', '/a%2Fb', 'The hex digits of an escape are upper case.'),
  target('upper-case-escape', '/a%2Fb', '/a%2Fb', 'An escaped slash stays escaped.'),
  target('escaped-tilde', '/%7euser/%7Euser', '/~user/~user', 'An escaped unreserved character is decoded.'),
  target(
    'escaped-unreserved',
    '/%61%7A%41%5a%30%39x%2Dx%2Ex%5F?%61=%62',
    '/azAZ09x-x.x_?a=b',
    'Letters, digits, - . _ and ~ are unreserved, in path and query.',
  ),
  target('escaped-percent', '/a%25b%2541', '/a%25b%2541', 'An escaped percent sign stays: nothing is decoded twice.'),
  target('escaped-controls', '/%00%0a%0d%7f', '/%00%0A%0D%7F', 'Escaped control characters stay escaped.'),
  target('escaped-utf-8', '/caf%c3%a9', '/caf%C3%A9', 'Escapes above 7F stay escaped, in upper case.'),
  target('escaped-latin-1', '/caf%e9', '/caf%E9', 'Escapes need not be UTF-8.'),
  target('non-ascii', '/café/日本?q=ü', '/caf%C3%A9/%E6%97%A5%E6%9C%AC?q=%C3%BC', 'Other text is escaped as UTF-8.'),
  target('above-ffff', '/😀?😀', '/%F0%9F%98%80?%F0%9F%98%80', 'One character above U+FFFF is four bytes.'),
  target('composed', '/\u00e4', '/%C3%A4', 'Text is not normalised: this is one character.'),
  target('decomposed', '/a\u0308', '/a%CC%88', 'Text is not normalised: these are two characters.'),
  target('replacement', '/a\ufffdb', '/a%EF%BF%BDb', 'U+FFFD, which half a surrogate pair becomes, is a character.'),
  target('unsafe-in-path', '/"<>`{}^|', '/%22%3C%3E%60%7B%7D%5E%7C', 'What no URI may hold is escaped in the path.'),
  target('unsafe-in-query', '/a?"<>`{}^|\\', '/a?%22%3C%3E%60%7B%7D%5E%7C%5C', 'And in the query.'),
  rawTarget('backslash-in-path', '/a\\b', '/a%5Cb', 'A backslash is no slash.'),
  rawTarget('delete-character', '/a\u007fb', '/a%7Fb', 'DEL is escaped.'),
  target('percent-at-end', '/100%', '/100%25', 'A percent sign that begins no escape is escaped.'),
  target('percent-and-others', '/%zz/%4/%?a=%&b=%g1', '/%25zz/%254/%25?a=%25&b=%25g1', 'Whatever follows.'),
  target('percent-and-non-ascii', '/%é', '/%25%C3%A9', 'Also before text that is escaped.'),
  target('percent-and-escape', '/%%41B', '/%25AB', 'Else decoding could complete an escape that was none.'),
  target('half-escape-and-escape', '/%4%31/%a%2f', '/%2541/%25a%2F', 'Or one of which there was one digit.'),
  target('double-slash', '/a//b/', '/a//b/', 'Slashes are not merged.'),
  target('double-slash-first', '//a/b', '//a/b', 'Not even in front. (Bun sends one, so it does not sign these.)'),
  rawTarget('dot-segments', '/a/./b/../c', '/a/./b/../c', 'Dot segments stay, where a client sends them.'),
  rawTarget('escaped-dot-segments', '/a/%2e/b/%2E%2e/c', '/a/./b/../c', 'Escaped dots are unreserved characters.'),
  rawTarget('dots-at-end', '/a/..', '/a/..', 'Also at the end.'),
  {
    ...target('fragment', '/a?b=c', '/a?b=c', 'The fragment of a URL is not sent, and not signed.'),
    url: 'https://api.example.com/a?b=c#d?e',
  },
  target('long', `/a?q=${'b'.repeat(2000)}`, `/a?q=${'b'.repeat(2000)}`, 'Two thousand characters.'),
];

const authority = (
  name: string,
  given: Pick<SignDraft, 'scheme' | 'host' | 'url'>,
  expected: string,
  rule: string,
) => ({
  name: `authority-${name}`,
  rule,
  sent: '/a',
  expect: { authority: expected },
  ...given,
});

export const authorities: readonly SignDraft[] = [
  authority('upper-case', { host: 'API.Example.COM' }, 'api.example.com', 'The host is in lower case.'),
  authority('https-443', { host: 'api.example.com:443' }, 'api.example.com', 'Port 443 goes without saying in https.'),
  authority('http', { scheme: 'http' }, 'api.example.com', 'The scheme of the URL is not in the string to sign.'),
  authority('http-80', { scheme: 'http', host: 'api.example.com:80' }, 'api.example.com', 'As port 80 in http.'),
  authority('port', { host: 'api.example.com:8443' }, 'api.example.com:8443', 'Another port is part of it.'),
  authority('https-80', { host: 'api.example.com:80' }, 'api.example.com:80', 'Port 80 is no default in https.'),
  authority(
    'http-443',
    { scheme: 'http', host: 'api.example.com:443' },
    'api.example.com:443',
    'Port 443 is no default in http.',
  ),
  authority('localhost', { scheme: 'http', host: 'localhost:3000' }, 'localhost:3000', 'A name without dots.'),
  authority('ipv4', { scheme: 'http', host: '127.0.0.1:8080' }, '127.0.0.1:8080', 'An IPv4 address.'),
  authority('ipv6', { host: '[2001:DB8::1]:8443' }, '[2001:db8::1]:8443', 'An IPv6 address, in lower case.'),
  authority('ipv6-default-port', { host: '[::1]:443' }, '[::1]', 'An IPv6 address without port.'),
  authority(
    'international',
    { host: 'xn--bcher-kva.example', url: 'https://bücher.example/a' },
    'xn--bcher-kva.example',
    'International names are in the form that goes on the wire (RFC 5890).',
  ),
  authority('final-dot', { host: 'api.example.com.' }, 'api.example.com.', 'A final dot stays.'),
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
