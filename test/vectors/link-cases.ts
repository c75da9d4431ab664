import { createHmac } from 'node:crypto';
import type { LinkCase, LinkVectors, ReceivedLinkCase } from './link-format.ts';

export const now = 1767225600;
export const nonce = '68344a581b9935c6c31d03042b4600d9';
const shop = { accessKey: 'shop', secret: 'a secret of the shop, 32 bytes..' };
const other = { accessKey: 'other', secret: 'a secret of another, 32 bytes...' };
export const keys: LinkVectors['keys'] = [shop, other];

/** With the HMAC of Node, not with the package's. */
const macOf = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

type Made = {
  readonly key?: { readonly accessKey: string; readonly secret: string };
  readonly method?: string;
  readonly expiresIn?: number;
  readonly once?: true;
  readonly authority?: string;
  /** The path and query of the URL, with `?` or `&` at the end. */
  readonly start?: string;
  /** The same, normalised: written here by hand. */
  readonly normalised?: string;
};

function madeOf({ key = shop, method = 'GET', expiresIn = 600, once, authority = 'api.example.com', ...rest }: Made) {
  const { start = '/v1/orders?', normalised = start } = rest;
  const until = now + expiresIn;
  const own = `csign-key=${key.accessKey}&csign-until=${until}${once ? `&csign-nonce=${nonce}` : ''}`;
  const lines = ['countersign-v1-link', key.accessKey, `${until}`, once ? nonce : '', method, authority];
  const stringToSign = [...lines, normalised + own].join('\n');
  const mac = macOf(key.secret, stringToSign);
  return { stringToSign, mac, target: `${start}${own}&csign-signature=v1=${mac}` };
}

function signs(name: string, url: string, made: Made = {}): LinkCase {
  const { key = shop, method = 'GET', expiresIn = 600, once } = made;
  const { stringToSign, mac, target } = madeOf(made);
  const [, origin = '', hash = ''] = /^(\w+:\/\/[^/?#]+)[^#]*(#.*)?$/.exec(url) ?? [];
  return {
    name,
    ...key,
    now,
    expiresIn,
    ...(once && { nonce }),
    method,
    url,
    stringToSign,
    mac,
    link: `${origin}${target}${hash}`,
  };
}

const session = {
  accessKey: 'shop~s1.eyJpIjoiQUFFQ0F3UUZCZ2NJQ1FvTCIsImUiOjE3NjcyMjY1MDAsImIiOjE3NjcyMjU2MDB9',
  secret: 'ysjxn_beckwu7JZmWJ5C8Sb_Gmi9qDBoTcWl9Vdktm8',
};

export const sign: readonly LinkCase[] = [
  signs('path', 'https://api.example.com/v1/orders'),
  signs('example', 'https://api.example.com/v1/%7eshop/report.pdf?year=2026', {
    key: { accessKey: 'partner-1', secret: 'a secret that everyone may know, for test vectors' },
    start: '/v1/%7eshop/report.pdf?year=2026&',
    normalised: '/v1/~shop/report.pdf?year=2026&',
    once: true,
  }),
  signs('root', 'https://api.example.com/', { start: '/?' }),
  signs('query', 'https://api.example.com/v1/orders?page=2&sort=-created', {
    start: '/v1/orders?page=2&sort=-created&',
  }),
  signs('repeated-and-empty-parameters', 'https://api.example.com/a?b=2&a=1&b=1&c=&d&&', {
    start: '/a?b=2&a=1&b=1&c=&d&&&',
  }),
  signs('empty-query', 'https://api.example.com/a?', { start: '/a?' }),
  signs('question-mark-in-query', 'https://api.example.com/a??x', { start: '/a??x&' }),
  signs('escapes', 'https://api.example.com/%7ea%2fb/%C3%BC?q=%20%2b+%e2%82%ac&%2Dx', {
    start: '/%7ea%2fb/%C3%BC?q=%20%2b+%e2%82%ac&%2Dx&',
    normalised: '/~a%2Fb/%C3%BC?q=%20%2B+%E2%82%AC&-x&',
  }),
  signs('bare-percent-at-the-end', 'https://api.example.com/a?q=%', { start: '/a?q=%&', normalised: '/a?q=%25&' }),
  signs('characters-of-no-uri', 'https://api.example.com/a^b?q=|{}', {
    start: '/a^b?q=|{}&',
    normalised: '/a%5Eb?q=%7C%7B%7D&',
  }),
  signs('double-slash', 'https://api.example.com/v1//orders/', { start: '/v1//orders/?' }),
  signs('another-port', 'http://api.example.com:8080/v1/orders', { authority: 'api.example.com:8080' }),
  signs('fragment', 'https://api.example.com/v1/orders?a=1#page=3', { start: '/v1/orders?a=1&' }),
  signs('web-socket', 'wss://api.example.com/live?room=1', { start: '/live?room=1&' }),
  signs('web-socket-without-tls', 'ws://localhost:3000/live', { start: '/live?', authority: 'localhost:3000' }),
  signs('once', 'https://api.example.com/v1/orders?a=1', { start: '/v1/orders?a=1&', once: true }),
  signs('another-method', 'https://api.example.com/v1/orders', { method: 'DELETE' }),
  signs('a-second', 'https://api.example.com/v1/orders', { expiresIn: 1 }),
  signs('a-year', 'https://api.example.com/v1/orders', { expiresIn: 31_536_000 }),
  signs('session', 'https://api.example.com/v1/orders', { key: session }),
  signs('secret-beyond-ascii', 'https://api.example.com/v1/orders', {
    key: { accessKey: 'caf.e~1', secret: 'geheim \u00fcber 16 Bytes' },
  }),
  signs('secret-longer-than-a-block', 'https://api.example.com/v1/orders', {
    key: { accessKey: 'k', secret: '0123456789abcdef'.repeat(8) },
  }),
];

const plain = madeOf({}).target;
const onceOnly = madeOf({ once: true }).target;
const query = madeOf({ start: '/v1/orders?a=1&b=%20+&' }).target;

type Received = Partial<Omit<ReceivedLinkCase, 'name' | 'rule' | 'outcome'>>;

const receives =
  (outcome: string, rule: string) =>
  (name: string, target: string, more: Received = {}): ReceivedLinkCase => ({
    name,
    rule,
    now,
    method: 'GET',
    scheme: 'https',
    host: 'api.example.com',
    target,
    ...more,
    outcome,
  });

const taken = receives('ok', 'A link is good until its end, for its method, authority and target.');
const changed = receives('signature_mismatch', 'The MAC covers all of it.');
const malformed = receives('malformed_field', 'The query ends with the parameters of the link, each once, in order.');
const spelled = receives('malformed_field', 'Each value has one spelling.');
const unsigned = receives('missing_signature', 'Without csign-signature there is no link.');
const timed = (outcome: string) =>
  receives(outcome, 'now < until, and until - now is at most maxLifetime and tolerance.');
const claimed = receives('replayed_request', 'A nonce is claimed until the end of its link.');

/** A link whose end is written in another way, and signed in that way. */
function until(text: string): string {
  const signed = `/v1/orders?csign-key=shop&csign-until=${text}`;
  const lines = ['countersign-v1-link', 'shop', text, '', 'GET', 'api.example.com', signed];
  return `${signed}&csign-signature=v1=${macOf(shop.secret, lines.join('\n'))}`;
}

const end = now + 600;

export const verify: readonly ReceivedLinkCase[] = [
  taken('valid', plain),
  taken('valid-again', plain, { again: true }),
  taken('valid-once', onceOnly),
  taken('head-with-a-link-for-get', plain, { method: 'HEAD' }),
  taken('default-port', plain, { host: 'API.example.com:443' }),
  taken('equivalent-escapes', query.replace('orders', '%6frders')),
  taken('escaped-reserved-names', plain.replace('csign-key', 'csign%2Dkey').replace('csign-until', '%63sign-until')),
  taken('escaped-equals-sign-of-the-signature', plain.replace('v1=', 'v1%3d')),
  taken('other-case-of-a-name', madeOf({ start: '/a?Csign-Key=1&' }).target),
  taken('reserved-name-in-a-value', madeOf({ start: '/a?a=csign-key=1&' }).target),
  changed('parameter', query.replace('a=1', 'a=2')),
  changed('order', query.replace('a=1&b=%20+', 'b=%20+&a=1')),
  changed('parameter-removed', query.replace('a=1&', '')),
  changed('parameter-in-front', query.replace('?', '?c=1&')),
  changed('parameter-before-the-own', query.replace('&csign-key', '&c=1&csign-key')),
  changed('plus-for-escaped-space', query.replace('%20', '+')),
  changed('escaped-space-for-plus', query.replace('+', '%20')),
  changed('path', plain.replace('orders', 'order')),
  changed('slash-at-the-end', plain.replace('orders', 'orders/')),
  changed('escaped-slash', plain.replace('/orders', '%2Forders')),
  changed('dot-segment', plain.replace('/orders', '/./orders')),
  changed('double-slash', plain.replace('/orders', '//orders')),
  changed('host', plain, { host: 'www.example.com' }),
  changed('port', plain, { host: 'api.example.com:8443' }),
  changed('port-of-https-by-http', plain, { scheme: 'http', host: 'api.example.com:443' }),
  changed('post-with-a-link-for-get', plain, { method: 'POST' }),
  changed('get-with-a-link-for-delete', madeOf({ method: 'DELETE' }).target),
  changed('head-with-a-link-for-delete', madeOf({ method: 'DELETE' }).target, { method: 'HEAD' }),
  changed('later-end', plain.replace(`${end}`, `${end + 1}`)),
  changed('key', plain.replace('csign-key=shop', 'csign-key=other')),
  changed('nonce-removed', onceOnly.replace(`&csign-nonce=${nonce}`, '')),
  changed('nonce-added', plain.replace('&csign-signature', `&csign-nonce=${nonce}&csign-signature`)),
  changed('nonce-changed', onceOnly.replace(nonce, nonce.replace('6', '7'))),
  changed(
    'signature',
    plain.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
  ),
  changed('escaped-digit-of-the-end', until(`%31${`${end}`.slice(1)}`)),
  receives('unknown_key', 'The key is the one that is named.')('unknown-key', plain.replace('shop', 'shoq')),
  malformed('parameter-after-the-signature', `${plain}&utm_source=mail`),
  malformed('empty-parameter-after-the-signature', `${plain}&`),
  malformed('signature-twice', `${plain}&csign-signature=v1=${'0'.repeat(64)}`),
  malformed('key-twice', plain.replace('?', '?csign-key=shop&')),
  malformed('escaped-key-twice', plain.replace('?', '?csign%2Dkey=shop&')),
  malformed('own-parameters-twice', `${plain}&${plain.split('?')[1]}`),
  malformed('reserved-name', plain.replace('?', '?csign-scope=all&')),
  malformed('another-order', plain.replace('csign-key=shop&', '').replace('&csign-sig', '&csign-key=shop&csign-sig')),
  malformed('no-end', plain.replace(`&csign-until=${end}`, '')),
  spelled('end-with-zero', until(`0${end}`)),
  spelled('end-with-sign', until(`+${end}`)),
  spelled('end-with-fraction', until(`${end}.0`)),
  spelled('end-of-thirteen-digits', until(`${end}000`)),
  spelled('end-empty', until('')),
  spelled('end-of-zero', until('0')),
  spelled('key-empty', plain.replace('csign-key=shop', 'csign-key=')),
  spelled('nonce-empty', plain.replace('&csign-signature', '&csign-nonce=&csign-signature')),
  spelled('nonce-of-fifteen-characters', onceOnly.replace(nonce, nonce.slice(17))),
  spelled(
    'signature-in-upper-case',
    plain.replace(/[\da-f]{64}$/, (digits) => digits.toUpperCase()),
  ),
  spelled('signature-of-another-version', plain.replace('v1=', 'v2=')),
  spelled('equals-sign-escaped-twice', plain.replace('v1=', 'v1%253D')),
  unsigned('nothing', '/v1/orders'),
  unsigned('cut-short', plain.replace(/&csign-signature.*/, '')),
  unsigned('signature-in-another-case', plain.replace('csign-signature', 'Csign-Signature')),
  timed('ok')('before-the-end', plain, { now: end - 1 }),
  timed('expired_signature')('at-the-end', plain, { now: end }),
  timed('ok')('longest-life', madeOf({ expiresIn: 3900 }).target),
  timed('lifetime_too_long')('too-long-a-life', madeOf({ expiresIn: 3901 }).target),
  timed('lifetime_too_long')('too-long-a-life-once', madeOf({ expiresIn: 3901, once: true }).target),
  claimed('used-twice', onceOnly, { again: true }),
  claimed('used-twice-escaped', onceOnly.replace('v1=', 'v1%3D'), { again: true }),
];
