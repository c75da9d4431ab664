import { digestField, newYear, partner, type SignDraft } from './oracle.ts';
import { add, all, type Change, headerOf, secondSecret, set, signText, type VerifyDraft } from './verify-draft.ts';

const json: Partial<SignDraft> = {
  method: 'POST',
  headers: [['Content-Type', 'application/json']],
  body: { utf8: '{"sku":"A-1"}' },
};
const named: Partial<SignDraft> = {
  signedHeaders: ['x-a', 'x-b'],
  headers: [
    ['X-A', '1'],
    ['X-B', '2'],
  ],
  expect: { lines: ['x-a:1', 'x-b:2'], names: 'x-a;x-b' },
};
const as = (accessKey: string): Partial<SignDraft> => ({ credentials: { ...partner, accessKey } });
const signature =
  (edit: (value: string) => string): Change =>
  (request) =>
    set('X-API-Signature', edit(headerOf(request, 'X-API-Signature')))(request);
const other = `v1=${'0123456789abcdef'.repeat(4)}`;

const accepted = (name: string, rule: string, draft: Omit<VerifyDraft, 'name' | 'rule'> = {}): VerifyDraft => ({
  name: `accept-${name}`,
  rule,
  ...draft,
});

export const honest: readonly VerifyDraft[] = [
  accepted('get', 'A request as it was signed.'),
  accepted('post', 'A request with a body.', { from: json }),
  accepted('signed-headers', 'A request with two signed headers.', { from: named }),
  accepted('oldest', 'As old as is tolerated.', { later: 300 }),
  accepted('newest', 'As far ahead as is tolerated.', { later: -300 }),
  accepted('zero-tolerance-edge', 'The same with another tolerance.', { later: 1, verifier: { tolerance: 1 } }),
  accepted('two-signatures-first', 'One valid signature is enough.', {
    change: signature((mine) => `${mine}, ${other}`),
  }),
  accepted('two-signatures-second', 'Whichever it is.', { change: signature((mine) => `${other}, ${mine}`) }),
  accepted('two-signatures-no-blank', 'The blank may be missing.', { change: signature((mine) => `${other},${mine}`) }),
  accepted('four-signatures', 'Four at most.', {
    change: signature((mine) => `${other}, ${other}, ${other}, ${mine}`),
  }),
  accepted('first-secret', 'A key may have two secrets.', { from: as('partner-2') }),
  accepted('second-secret', 'Either signs.', {
    from: { credentials: { accessKey: 'partner-2', secret: secondSecret } },
  }),
  accepted('key-in-first-second', 'A key is valid from its first second on.', { from: as('starts-now') }),
  accepted('rewritten-escapes', 'Clients and proxies change the spelling of escapes.', {
    from: { sent: '/%7eb/%2fc?d=%c3%a9|', expect: { target: '/~b/%2Fc?d=%C3%A9%7C' } },
    change: () => ({ target: '/~b/%2Fc?d=é%7c' }),
  }),
  accepted('rewritten-empty-query', 'And lose an empty query.', {
    from: { sent: '/a?', expect: { target: '/a' } },
    change: () => ({ target: '/a' }),
  }),
  accepted('rewritten-host', 'The host is the same in any case, the default port the same as none.', {
    change: () => ({ host: 'API.EXAMPLE.COM:443' }),
  }),
  accepted('rewritten-method', 'The method is the same in any case.', { change: () => ({ method: 'get' }) }),
  accepted('rewritten-header-names', 'Names of headers are the same in any case.', {
    from: named,
    change: ({ headers }) => ({ headers: headers.map(([name, value]) => [name.toLowerCase(), value]) }),
  }),
  accepted('rewritten-header-order', 'Headers may come in any order.', {
    from: named,
    change: ({ headers }) => ({ headers: headers.toReversed() }),
  }),
  accepted('rewritten-blanks', 'Blanks around values do not count.', { from: named, change: set('X-A', ' 1\t') }),
  accepted('added-headers', 'What is not signed may be added.', { change: add('X-Forwarded-For', '192.0.2.1') }),
  accepted('digest-of-nothing', 'An empty body may have a digest.', {
    from: { method: 'POST', expect: {} },
    change: all(
      set('Content-Digest', digestField('')),
      signText((text) => text + digestField(''), { method: 'POST' }),
    ),
  }),
  accepted('body-of-limit', 'As many bytes as are accepted.', { from: json, verifier: { maxBodyBytes: 13 } }),
  accepted('unsigned-body', 'Where the verifier allows it.', {
    from: { ...json, unsignedBody: true },
    verifier: { allowUnsignedPayload: true },
  }),
  accepted('zeros-before-timestamp', 'The digits as they stand are signed.', {
    change: all(
      set('X-API-Timestamp', `00${newYear}`),
      signText((text) => text.replace(`\n${newYear}\n`, `\n00${newYear}\n`)),
    ),
  }),
];

const mismatch = (name: string, rule: string, draft: Omit<VerifyDraft, 'name' | 'rule'>): VerifyDraft => ({
  name: `mismatch-${name}`,
  rule,
  code: 'signature_mismatch',
  ...draft,
});
const moved = (name: string, sent: string, target: string): VerifyDraft =>
  mismatch(name, 'The target is another.', { from: { sent }, change: () => ({ target }) });

export const forgeries: readonly VerifyDraft[] = [
  mismatch('method', 'The method is another.', { change: () => ({ method: 'HEAD' }) }),
  mismatch('method-with-body', 'The method is another.', { from: json, change: () => ({ method: 'PUT' }) }),
  moved('path', '/v1/orders', '/v1/order'),
  moved('path-case', '/v1/orders', '/v1/Orders'),
  moved('path-slash-at-end', '/v1/orders', '/v1/orders/'),
  moved('path-slashes-merged', '/v1//orders', '/v1/orders'),
  moved('path-dots-resolved', '/v1/a/../orders', '/v1/orders'),
  moved('path-slash-decoded', '/v1/a%2Fb', '/v1/a/b'),
  moved('path-decoded-twice', '/v1/%2541', '/v1/%41'),
  moved('path-escape-completed', '/v1/%%41B', '/v1/%AB'),
  moved('query-value', '/v1/orders?id=1', '/v1/orders?id=2'),
  moved('query-added', '/v1/orders', '/v1/orders?id=1'),
  moved('query-removed', '/v1/orders?id=1', '/v1/orders'),
  moved('query-sorted', '/v1/orders?b=1&a=2', '/v1/orders?a=2&b=1'),
  moved('query-repeated', '/v1/orders?a=1', '/v1/orders?a=1&a=1'),
  moved('query-plus-to-space', '/v1/orders?a=b+c', '/v1/orders?a=b%20c'),
  moved('query-equals-added', '/v1/orders?x', '/v1/orders?x='),
  moved('query-escaped', '/v1/orders?ids[]=1', '/v1/orders?ids%5B%5D=1'),
  mismatch('host', 'The host is another.', { change: () => ({ host: 'api.example.org' }) }),
  mismatch('port', 'The port is another.', { change: () => ({ host: 'api.example.com:8443' }) }),
  mismatch('port-of-other-scheme', 'Port 80 is no default in https.', {
    change: () => ({ host: 'api.example.com:80' }),
  }),
  mismatch('access-key', 'Another key with the same secret.', { change: set('X-API-Key', 'partner-2') }),
  mismatch('timestamp', 'The timestamp is another.', { change: set('X-API-Timestamp', String(newYear + 1)) }),
  mismatch('timestamp-zero-added', 'The same number in other digits.', {
    change: set('X-API-Timestamp', `0${newYear}`),
  }),
  mismatch('nonce', 'The nonce is another.', { change: set('X-API-Nonce', '0123456789abcdef') }),
  mismatch('content-type', 'The content type is another.', { from: json, change: set('Content-Type', 'text/plain') }),
  mismatch('content-type-case', 'Even in its case.', { from: json, change: set('Content-Type', 'Application/json') }),
  mismatch('content-type-removed', 'The content type is gone.', { from: json, change: set('Content-Type', undefined) }),
  mismatch('content-type-added', 'There was none.', { change: set('Content-Type', 'text/plain') }),
  mismatch('body-and-digest', 'Body and digest are others.', {
    from: json,
    change: all(set('Content-Digest', digestField('{}')), () => ({ body: { utf8: '{}' } })),
  }),
  mismatch('digest-removed', 'The digest is gone.', { from: json, change: set('Content-Digest', undefined) }),
  mismatch('digest-and-body-added', 'There was no body.', {
    from: { method: 'POST' },
    change: all(add('Content-Digest', digestField('{}')), () => ({ body: { utf8: '{}' } })),
  }),
  mismatch('payload-removed', 'The body was not signed, and now pretends to be none.', {
    from: { ...json, unsignedBody: true },
    change: set('X-API-Payload', undefined),
  }),
  mismatch('payload-added', 'The body was signed, and now pretends not to be.', {
    from: json,
    change: all(set('Content-Digest', undefined), add('X-API-Payload', 'unsigned')),
    verifier: { allowUnsignedPayload: true },
  }),
  mismatch('signed-header', 'A signed header is another.', { from: named, change: set('X-A', '2') }),
  mismatch('signed-header-emptied', 'A signed header is empty.', { from: named, change: set('X-A', '') }),
  mismatch('signed-header-repeated', 'A signed header has a second value.', { from: named, change: add('X-A', '1') }),
  mismatch('signed-header-not-named', 'A signed header is named no more.', {
    from: named,
    change: set('X-API-Signed-Headers', 'x-a'),
  }),
  mismatch('signed-headers-not-named', 'None is named any more.', {
    from: named,
    change: set('X-API-Signed-Headers', undefined),
  }),
  mismatch('header-named', 'A header is named that was not signed.', {
    from: { headers: [['X-A', '1']] },
    change: add('X-API-Signed-Headers', 'x-a'),
  }),
  mismatch('signature-bit', 'One bit of the signature is another.', {
    change: signature((mine) => mine.slice(0, -1) + (Number.parseInt(mine.slice(-1), 16) ^ 1).toString(16)),
  }),
  mismatch('signature-zero', 'All bits of the signature are zero.', {
    change: set('X-API-Signature', `v1=${'0'.repeat(64)}`),
  }),
  mismatch('two-signatures', 'Neither of two is valid.', { change: set('X-API-Signature', `${other}, ${other}`) }),
  mismatch('secret', 'Signed with the secret of another key.', {
    from: { credentials: { ...partner, secret: secondSecret } },
  }),
  mismatch('empty-secret', 'Signed with no secret at all.', {
    from: { credentials: { ...partner, secret: { utf8: '' } } },
  }),
  mismatch('line-end-added', 'There is no line feed at the end.', { change: signText((text) => `${text}\n`) }),
  mismatch('carriage-returns', 'Lines end in LF, not CR LF.', {
    change: signText((text) => text.replaceAll('\n', '\r\n')),
  }),
  mismatch('lines-dropped', 'Empty lines are not left out.', { change: signText((text) => text.trimEnd()) }),
  mismatch('direction', 'A response is no request.', {
    change: signText((text) => text.replace('countersign-v1-request', 'countersign-v1-response')),
  }),
  mismatch('without-first-line', 'The first line counts.', {
    change: signText((text) => text.slice('countersign-v1-request\n'.length)),
  }),
];

const malformed = (name: string, change: Change, rule = 'The field is malformed.'): VerifyDraft => ({
  name: `malformed-${name}`,
  rule,
  change,
  code: 'malformed_field',
});
const field = (header: string, values: Readonly<Record<string, string | undefined>>): readonly VerifyDraft[] =>
  Object.entries(values).map(([name, value]) =>
    malformed(`${header.toLowerCase().replace('x-api-', '')}-${name}`, set(header, value), `${header}: ${name}.`),
  );
const names = (value: string): string | undefined => value;

export const grammar: readonly VerifyDraft[] = [
  ...field('X-API-Key', {
    missing: undefined,
    empty: '',
    'too-long': 'k'.repeat(513),
    'with-blank': 'partner 1',
    'non-ascii': 'pärtner',
    'with-colon': 'partner:1',
  }),
  malformed('key-repeated', add('X-API-Key', 'partner-1'), 'X-API-Key: repeated.'),
  ...field('X-API-Timestamp', {
    missing: undefined,
    empty: '',
    'with-sign': `+${newYear}`,
    negative: '-5',
    fraction: `${newYear}.0`,
    exponent: '1767225600e0',
    hexadecimal: '0x6955b900',
    'not-a-number': 'NaN',
    'too-long': `000${newYear}`,
    milliseconds: `${newYear}000`,
    date: 'Thu, 01 Jan 2026 00:00:00 GMT',
    junk: `${newYear}junk`,
  }),
  malformed('timestamp-repeated', add('X-API-Timestamp', String(newYear)), 'X-API-Timestamp: repeated.'),
  ...field('X-API-Nonce', {
    missing: undefined,
    empty: '',
    'too-short': 'n'.repeat(15),
    'too-long': 'n'.repeat(129),
    'of-base64': 'AAAAAAAAAAAAAAAAAAAAA+==',
    'with-dot': 'nonce.nonce.nonce',
  }),
  malformed('nonce-repeated', add('X-API-Nonce', '0123456789abcdef'), 'X-API-Nonce: repeated.'),
  ...field('X-API-Signature', {
    missing: undefined,
    empty: '',
    'without-version': other.slice(3),
    'of-other-version': other.replace('v1', 'v2'),
    'in-upper-case': `v1=${other.slice(3).toUpperCase()}`,
    'too-short': other.slice(0, -1),
    'too-long': `${other}0`,
    'in-base64': 'v1=ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=',
    'five-times': Array(5).fill(other).join(', '),
    'with-comma-at-end': `${other},`,
    'with-semicolon': `${other}; ${other}`,
    'with-two-blanks': `${other},  ${other}`,
  }),
  ...field('X-API-Payload', { empty: '', signed: 'signed', 'in-upper-case': 'UNSIGNED' }),
  malformed(
    'payload-and-digest',
    all(add('X-API-Payload', 'unsigned'), add('Content-Digest', digestField('{}'))),
    'A body is signed or unsigned, not both.',
  ),
  ...field('Content-Digest', {
    empty: '',
    'of-other-algorithm': `sha-512=:${'A'.repeat(86)}==:`,
    'in-hex': `sha-256=:${'0'.repeat(64)}:`,
    'without-colons': digestField('{}').replaceAll(':', ''),
    'without-padding': digestField('{}').replace('=:', '#').replace('=:', ':').replace('#', '=:'),
    'in-base64url': `sha-256=:${'_'.repeat(43)}=:`,
    'of-two-algorithms': `${digestField('{}')}, sha-512=:${'A'.repeat(86)}==:`,
    'with-parameter': `${digestField('{}')};a=1`,
  }),
  malformed(
    'content-digest-repeated',
    all(add('Content-Digest', digestField('{}')), add('Content-Digest', digestField('{}'))),
    'Content-Digest: repeated.',
  ),
  ...Object.entries({
    empty: names(''),
    unsorted: names('x-b;x-a'),
    'named-twice': names('x-a;x-a'),
    'in-upper-case': names('X-A;x-b'),
    'empty-name': names('x-a;;x-b'),
    'semicolon-at-end': names('x-a;x-b;'),
    comma: names('x-a,x-b'),
    blank: names('x-a; x-b'),
    'too-many': Array.from({ length: 65 }, (_, i) => `x-${String(i).padStart(2, '0')}`).join(';'),
    'own-field': names('x-api-key'),
    'content-type': names('content-type'),
    'content-digest': names('content-digest'),
    'content-length': names('content-length'),
    host: names('host'),
    connection: names('connection'),
    'transfer-encoding': names('transfer-encoding'),
    'accept-encoding': names('accept-encoding'),
    'set-cookie': names('set-cookie'),
  }).map(([name, value]) => ({
    ...malformed(`signed-headers-${name}`, set('X-API-Signed-Headers', value), `X-API-Signed-Headers: ${name}.`),
    from: named,
  })),
  malformed('host-empty', () => ({ host: '' }), 'There is no host.'),
  malformed('host-with-path', () => ({ host: 'api.example.com/v1' }), 'A host is no path.'),
  malformed('host-with-user', () => ({ host: 'user@api.example.com' }), 'A host has no user name.'),
  {
    name: 'missing-signature',
    rule: 'Neither X-API-Key nor X-API-Signature.',
    change: all(set('X-API-Key', undefined), set('X-API-Signature', undefined)),
    code: 'missing_signature',
  },
  {
    name: 'missing-header',
    rule: 'A signed header is absent, which is not the same as empty.',
    from: named,
    change: set('X-B', undefined),
    code: 'missing_header',
  },
  {
    name: 'invalid-signed-header',
    rule: 'A signed header is not ASCII.',
    from: named,
    change: set('X-A', 'é'),
    code: 'invalid_request',
  },
  {
    name: 'invalid-content-type',
    rule: 'The content type is not ASCII.',
    from: json,
    change: set('Content-Type', 'text/é'),
    code: 'invalid_request',
  },
  { name: 'invalid-method', rule: 'No token.', change: () => ({ method: 'GE T' }), code: 'invalid_request' },
  {
    ...malformed('target-asterisk', () => ({ target: '*' }), 'The target does not begin with a slash.'),
    from: { method: 'OPTIONS', sent: '/*' },
  },
  malformed(
    'target-absolute',
    () => ({ target: 'https://api.example.com/v1/orders' }),
    'The target is a whole URL, as proxies get it.',
  ),
  malformed('target-fragment', ({ target }) => ({ target: `${target}#a` }), 'A fragment is not sent.'),
];

const zeroed = set('X-API-Signature', `v1=${'0'.repeat(64)}`);

export const keyStates: readonly VerifyDraft[] = [
  { name: 'unknown-key', rule: 'Nobody has this key.', from: as('nobody'), code: 'unknown_key' },
  { name: 'proto-key', rule: 'A key is nothing but a key.', from: as('__proto__'), code: 'unknown_key' },
  { name: 'key-in-other-case', rule: 'Keys are told apart by case.', from: as('PARTNER-1'), code: 'unknown_key' },
  ...(['revoked', 'expired', 'inactive'] as const).flatMap((state): VerifyDraft[] => [
    { name: `${state}-key`, rule: 'To its owner it is told.', from: as(state), code: `${state}_key`, proved: true },
    {
      name: `${state}-key-and-mismatch`,
      rule: 'To others it is not.',
      from: as(state),
      change: zeroed,
      code: `${state}_key`,
    },
  ]),
  { name: 'expired-secret', rule: 'One secret is over.', from: as('expired-secret'), code: 'signature_mismatch' },
  { name: 'inactive-secret', rule: 'One is yet to come.', from: as('inactive-secret'), code: 'signature_mismatch' },
];

export const freshness: readonly VerifyDraft[] = [
  { name: 'stale', rule: 'A second too old.', later: 301, code: 'stale_timestamp' },
  { name: 'stale-since-1970', rule: 'The first second.', from: { time: 0 }, later: newYear, code: 'stale_timestamp' },
  { name: 'future', rule: 'A second too far ahead.', later: -301, code: 'future_timestamp' },
  {
    name: 'stale-and-mismatch',
    rule: 'The signature comes first.',
    later: 301,
    change: zeroed,
    code: 'signature_mismatch',
  },
  {
    name: 'stale-and-body',
    rule: 'The time comes before the body.',
    later: 301,
    from: json,
    change: () => ({ body: { utf8: '{}' } }),
    code: 'stale_timestamp',
  },
];

const broken = (name: string, body: VerifyDraft['change'], rule: string): VerifyDraft => ({
  name: `body-${name}`,
  rule,
  from: json,
  ...(body && { change: body }),
  code: 'body_digest_mismatch',
});

export const bodiesAndReplays: readonly VerifyDraft[] = [
  broken('changed', () => ({ body: { utf8: '{"sku":"A-2"}' } }), 'Another body of the same length.'),
  broken('shortened', () => ({ body: { utf8: '{"sku":"A-1"' } }), 'The last byte is missing.'),
  broken('extended', () => ({ body: { utf8: '{"sku":"A-1"}\n' } }), 'There is a byte more.'),
  broken('serialised-anew', () => ({ body: { utf8: '{"sku": "A-1"}' } }), 'The same JSON in other bytes.'),
  broken('removed', () => ({ body: { utf8: '' } }), 'The body is gone.'),
  {
    ...broken('digest-not-canonical', undefined, 'A digest in base64 with bits left over is another text.'),
    change: (request) => {
      const loose = digestField('{"sku":"A-1"}').replace(/.=:$/, (end) => `${nextInBase64(end[0] ?? '')}=:`);
      return all(
        set('Content-Digest', loose),
        signText((text) => text.replace(digestField('{"sku":"A-1"}'), loose), json),
      )(request);
    },
  },
  {
    name: 'body-added',
    rule: 'A body that nobody signed.',
    from: { method: 'POST' },
    change: () => ({ body: { utf8: '{}' } }),
    code: 'missing_body_digest',
  },
  {
    name: 'body-unsigned-refused',
    rule: 'Refused unless the verifier allows it.',
    from: { ...json, unsignedBody: true },
    code: 'unsigned_body',
  },
  {
    name: 'body-too-large',
    rule: 'One byte more than is accepted.',
    from: json,
    verifier: { maxBodyBytes: 12 },
    code: 'body_too_large',
  },
  { name: 'replay', rule: 'Received before.', after: 'accept-get', code: 'replayed_request' },
  {
    name: 'replay-later',
    rule: 'As long as it is fresh.',
    after: 'accept-newest',
    later: 300,
    code: 'replayed_request',
  },
  {
    name: 'replay-rewritten',
    rule: 'However it is spelled.',
    after: 'accept-rewritten-host',
    change: () => ({ host: 'API.example.com' }),
    code: 'replayed_request',
  },
  accepted('same-nonce-of-other-key', 'Keys have their own nonces.', { after: 'accept-get', from: as('partner-2') }),
  {
    name: 'accept-after-mismatch',
    rule: 'A refused request spends no nonce: the honest one after it is accepted.',
    after: 'mismatch-host',
  },
];

// The two lowest bits of the 43rd digit of 32 bytes are zero, so the next digit stands for the same bytes.
const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const nextInBase64 = (digit: string): string => base64Digits[base64Digits.indexOf(digit) + 1] ?? '';
