import { createHmac } from 'node:crypto';
import type { MalformedCase, SessionCase, SessionRequestCase } from './session-format.ts';

type Claims = Readonly<Record<string, unknown>>;

export const now = 1767225600;
const first = { i: 'AAECAwQFBgcICQoL', e: now + 900, b: now };
const second = { i: 'DA0ODxAREhMUFRYX', e: now + 600, b: now };
const third = { i: 'GBkaGxwdHh8gISIj', e: now + 60, b: now + 1 };

export const parent = { accessKey: 'shop', secret: 'a secret of the shop, 32 bytes..' };

const encoded = (json: string): string => Buffer.from(json).toString('base64url');

/** Derived with the HMAC of Node, not with the package's. */
function chain(name: string, all: readonly Claims[], of = parent): SessionCase {
  let { accessKey, secret } = of;
  const links = all.map((one, place) => {
    const claims = JSON.stringify(one);
    accessKey += (place === 0 ? '~s1.' : '~') + encoded(claims);
    secret = createHmac('sha256', secret).update(`countersign-session1\n${accessKey}`).digest('base64url');
    return { claims, accessKey, secret };
  });
  return { name, parent: of, links };
}

export const derive: readonly SessionCase[] = [
  chain('no-restriction', [first]),
  chain('subject', [{ ...first, u: 'user-7' }]),
  chain('subject-with-quotes', [{ ...first, u: 'a "b" \\ c%C3%BC' }]),
  chain('scopes', [{ ...first, s: ['orders:read', 'orders:write'] }]),
  chain('methods', [{ ...first, m: ['GET', 'HEAD'] }]),
  chain('paths', [{ ...first, p: ['/v1/orders', '/v1/users/7'] }]),
  chain('origins', [{ ...first, o: ['http://localhost:5173', 'https://app.example.com'] }]),
  chain('everything', [{ ...first, u: 'u', s: ['a'], m: ['GET'], p: ['/'], o: ['https://app.example.com'] }]),
  chain('longest-values', [{ ...first, i: '----____zzzzZZZZ', e: 999999999999, b: 999999999998, u: 'u'.repeat(128) }]),
  chain('two-links', [first, { ...second, s: ['orders:read'] }]),
  chain('three-links', [
    { ...first, u: 'user-7' },
    { ...second, m: ['GET'] },
    { ...third, p: ['/v1'] },
  ]),
  chain('secret-beyond-ascii', [first], { accessKey: 'caf.e~1', secret: 'geheim \u00fcber 16 Bytes' }),
  chain('secret-longer-than-a-block', [first], { accessKey: 'k', secret: '0123456789abcdef'.repeat(8) }),
];

const sessionKey = (...texts: readonly string[]) => `shop~s1.${texts.map(encoded).join('~')}`;
const honest = JSON.stringify(first);
const claims = (change: Claims) => JSON.stringify({ ...first, ...change });
const malformedText = (name: string, rule: string, json: string): MalformedCase => ({
  name,
  rule,
  accessKey: sessionKey(json),
});
const widened = (name: string, before: Claims, after: Claims): MalformedCase => ({
  name: `widened-${name}`,
  rule: 'A link allows at most what the one before allows.',
  accessKey: sessionKey(claims(before), claims(after)),
});

export const malformed: readonly MalformedCase[] = [
  malformedText('white-space', 'JSON without white space', honest.replace(',', ', ')),
  malformedText(
    'other-order',
    'keys in the order i, e, b, u, s, m, p, o',
    JSON.stringify({ e: first.e, i: first.i, b: first.b }),
  ),
  malformedText('key-twice', 'each key once', honest.replace('"b"', `"e":${first.e},"b"`)),
  malformedText('unknown-key', 'no other keys', claims({ x: 1 })),
  malformedText('null', 'absent rather than null', claims({ u: null })),
  malformedText('empty-subject', 'absent rather than empty', claims({ u: '' })),
  malformedText('empty-list', 'absent rather than empty', claims({ s: [] })),
  malformedText('escape', 'no escapes but \\" and \\\\', claims({ u: 'u' }).replace('"u"}', '"\\u0075"}')),
  malformedText('escaped-slash', 'no escapes but \\" and \\\\', claims({ p: ['/v1'] }).replace('/v1', '\\/v1')),
  malformedText('fraction', 'decimal integers', honest.replace(`${first.b}`, `${first.b}.0`)),
  malformedText('exponent', 'decimal integers', honest.replace(`${first.e}`, '2e9')),
  malformedText('thirteen-digits', 'at most 12 digits', claims({ e: 1e12 })),
  malformedText('number-as-string', 'decimal integers', claims({ e: String(first.e) })),
  malformedText('no-end', 'i, e and b are always there', JSON.stringify({ i: first.i, b: first.b })),
  malformedText('end-at-issue', 'the end is after the time of issue', claims({ e: first.b })),
  malformedText('short-id', '16 characters of base64url', claims({ i: 'AAECAwQFBgcICQo' })),
  malformedText('long-subject', 'at most 128 characters', claims({ u: 'u'.repeat(129) })),
  malformedText('subject-beyond-ascii', 'printable ASCII', claims({ u: '\u00fc' })),
  malformedText('unsorted', 'sorted, each once', claims({ s: ['b', 'a'] })),
  malformedText('entry-twice', 'sorted, each once', claims({ s: ['a', 'a'] })),
  malformedText('method-in-lower-case', 'upper case', claims({ m: ['get'] })),
  malformedText('path-with-slash-at-end', 'no slash at the end, unless the path is /', claims({ p: ['/v1/'] })),
  malformedText('path-with-query', 'no query', claims({ p: ['/v1?a'] })),
  malformedText('path-with-dots', 'no dot segments', claims({ p: ['/v1/..'] })),
  malformedText('path-not-normalised', 'normalised as in docs/protocol.md', claims({ p: ['/%61'] })),
  malformedText('origin-with-path', 'an origin as browsers write it', claims({ o: ['https://app.example.com/'] })),
  malformedText('opaque-origin', 'null is no origin', claims({ o: ['null'] })),
  malformedText('no-json', 'JSON', '{'),
  { name: 'padding', rule: 'base64url without padding', accessKey: `${sessionKey(claims({ u: 'u' }))}=` },
  {
    name: 'spare-bits',
    rule: 'base64url with spare bits of zero (RFC 4648 section 3.5)',
    accessKey: sessionKey(claims({ u: 'u' })).replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  },
  { name: 'no-claims', rule: 'at least one link', accessKey: 'shop~s1.' },
  { name: 'no-parent', rule: 'a parent of 1 to 512 characters', accessKey: sessionKey(honest).slice('shop'.length) },
  { name: 'empty-link', rule: 'each link has claims', accessKey: `${sessionKey(honest)}~` },
  { name: 'four-links', rule: 'at most 3 links', accessKey: sessionKey(honest, honest, honest, honest) },
  { name: 'too-long', rule: 'at most 1024 characters', accessKey: sessionKey(claims({ s: ['s'.repeat(720)] })) },
  widened('end', {}, { e: first.e + 1 }),
  widened('time-of-issue', {}, { b: first.b - 1 }),
  widened('subject', { u: 'a' }, { u: 'b' }),
  widened('subject-that-the-first-link-lacks', {}, { u: 'a' }),
  widened('scopes', { s: ['a'] }, { s: ['a', 'b'] }),
  widened('methods', { m: ['GET'] }, { m: ['GET', 'PUT'] }),
  widened('paths', { p: ['/v1/a'] }, { p: ['/v1'] }),
  widened('paths-beside', { p: ['/v1/a'] }, { p: ['/v1/ab'] }),
  widened('origins', { o: ['https://a.example'] }, { o: ['https://b.example'] }),
];

type Asked = { readonly at?: number; readonly method?: string; readonly target?: string; readonly origin?: string };
const ask = (name: string, all: readonly Claims[], asked: Asked, outcome: string): SessionRequestCase => ({
  name,
  claims: all.map((one) => JSON.stringify(one)),
  now: asked.at ?? now,
  method: asked.method ?? 'GET',
  target: asked.target ?? '/v1/orders',
  ...(asked.origin !== undefined && { origin: asked.origin }),
  outcome,
});
const onPath = { ...first, p: ['/v1/a'] };
const refused = 'session_not_allowed';

export const requests: readonly SessionRequestCase[] = [
  ask('no-restriction', [first], {}, 'ok'),
  ask('chain', [first, second, third], {}, 'ok'),
  ask('issued-in-the-future', [first], { at: first.b - 301 }, 'inactive_key'),
  ask('issued-within-tolerance', [first], { at: first.b - 300 }, 'ok'),
  ask('last-second', [first], { at: first.e - 1 }, 'ok'),
  ask('ended', [first], { at: first.e }, 'expired_key'),
  ask('ended-by-its-last-link', [first, third], { at: third.e }, 'expired_key'),
  ask('longest-life', [{ ...first, e: now + 86400 }], {}, 'ok'),
  ask('life-too-long', [{ ...first, e: now + 86401 }], {}, refused),
  ask('life-too-long-before-it-was-narrowed', [{ ...first, e: now + 86401 }, second], {}, refused),
  ask('method', [{ ...first, m: ['GET'] }], {}, 'ok'),
  ask('another-method', [{ ...first, m: ['GET'] }], { method: 'HEAD' }, refused),
  ask(
    'method-of-the-narrower-link',
    [
      { ...first, m: ['GET', 'PUT'] },
      { ...second, m: ['PUT'] },
    ],
    {},
    refused,
  ),
  ask('origin', [{ ...first, o: ['https://a.example'] }], { origin: 'https://a.example' }, 'ok'),
  ask('another-origin', [{ ...first, o: ['https://a.example'] }], { origin: 'https://b.example' }, refused),
  ask('no-origin', [{ ...first, o: ['https://a.example'] }], {}, refused),
  ask('origin-kept-by-a-narrower-link', [{ ...first, o: ['https://a.example'] }, second], {}, refused),
  ...['/v1/a', '/v1/a?x=//', '/v1/a/b', '/v1/a/', '/v1/%61'].map((target, place) =>
    ask(`path-within-${place}`, [onPath], { target }, 'ok'),
  ),
  ...['/v1/ab', '/v1', '/V1/a', '/v1/a.b', '/v1//a', '/v1/a//b', '/v1/a/../b', '/v1/a/%2e%2e/b', '/v1/a%2Fb']
    .concat(['/v1/a/%5cb', '/v1/a/%2Eb', '/v1/a/%252e%252e/b', '/v1/a/..;/b', '/v1/a;x', '/v1/a%00'])
    .concat(['/v1/a/..%00/b', '/v1/a/..%20/b', '/v1/a/..%7F/b', '/v1/a/..%3B/b', '/v1/a/%25u002e%25u002e/b'])
    .concat(['/v1/a/%C0%AE%C0%AE/b', '/v1/a/%c1%9c/b', '/v1/a/%2541', '/v1/a/%25252541', '/v1/a/%25%32%65/b'])
    .map((target, place) => ask(`path-outside-${place}`, [onPath], { target }, refused)),
  ask('paths-do-not-restrict-without-p', [first], { target: '/v1//a%2Fb' }, 'ok'),
];
