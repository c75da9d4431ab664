import { digestField, newYear } from './oracle.ts';
import { add, all, type Change, json, named, other, set, type VerifyDraft } from './verify-draft.ts';

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
    'superscript-digit': `${newYear}`.replace(/0$/, '\u00b2'),
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
    // 64 names of 128 characters: each rule but that of the whole length is kept.
    'too-long': Array.from({ length: 64 }, (_, i) => `x-${String(i).padStart(2, '0')}`.padEnd(128, '-')).join(';'),
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
  // Signed as they are sent, so that nothing but the rule refuses them.
  ...Object.entries({ '01': '\u0001', '7f': '\u007f' }).flatMap(([code, character]): VerifyDraft[] => [
    {
      name: `invalid-signed-header-control-${code}`,
      rule: 'A signed header has a control character that is no HTAB.',
      from: {
        signedHeaders: ['x-a'],
        headers: [['X-A', `a${character}b`]],
        expect: { lines: [`x-a:a${character}b`], names: 'x-a' },
      },
      code: 'invalid_request',
    },
    {
      name: `invalid-content-type-control-${code}`,
      rule: 'The content type has a control character that is no HTAB.',
      from: { ...json, headers: [['Content-Type', `text/a${character}b`]] },
      code: 'invalid_request',
    },
  ]),
  { name: 'invalid-method', rule: 'No token.', change: () => ({ method: 'GE T' }), code: 'invalid_request' },
  {
    name: 'invalid-method-too-long',
    rule: '65 characters.',
    from: { method: 'M'.repeat(65) },
    code: 'invalid_request',
  },
  {
    name: 'invalid-method-non-ascii',
    rule: 'Judged before it is in upper case: that of U+017F is S.',
    from: { method: 'POST' },
    change: () => ({ method: 'po\u017ft' }),
    code: 'invalid_request',
  },
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
  {
    ...malformed(
      'target-backslash',
      () => ({ target: '/a/..\\b' }),
      'Some routers read a backslash in a path as a slash.',
    ),
    from: { sent: '/a/..%5Cb' },
  },
  {
    ...malformed('target-percent', () => ({ target: '/100%' }), 'Some routers read it as another path than /100%25.'),
    from: { sent: '/100%25' },
  },
  {
    ...malformed(
      'target-percent-in-query',
      () => ({ target: '/a?q=a%%27' }),
      'Some parsers decode nothing of a value with a % that begins no escape.',
    ),
    from: { sent: '/a?q=a%25%27' },
  },
  {
    ...malformed('target-space', () => ({ target: '/a b' }), 'Clients escape a space.'),
    from: { sent: '/a%20b' },
  },
  {
    ...malformed('target-unsafe-in-path', () => ({ target: '/a{b}' }), 'And what else no URI may hold, but ^ and |.'),
    from: { sent: '/a%7Bb%7D' },
  },
  {
    ...malformed(
      'target-unsafe-in-query',
      () => ({ target: '/a?"' }),
      'In a query they send { } \\ and a backtick too.',
    ),
    from: { sent: '/a?%22' },
  },
  {
    ...malformed(
      'target-non-ascii',
      () => ({ target: '/a?é' }),
      'Which bytes these are, two readers need not agree on.',
    ),
    from: { sent: '/a?%C3%A9' },
  },
];
