import fc from 'fast-check';
import { escapePercents } from '../../../src/core/address.ts';

/** A request that is to be signed, with everything that a signature may be made of. */
export type Attempt = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** As the URL Standard serialises it. */
  readonly target: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for none. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly accessKey: string;
  readonly secret: string;
  /** Whole seconds, in milliseconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  readonly challenge: string;
};

/** A request as it was sent, signature and all. */
export type Sent = Pick<Attempt, 'method' | 'scheme' | 'authority' | 'target' | 'headers' | 'body'>;

/** Who signed it, for those who have to judge it. */
export type Judged = Sent & Pick<Attempt, 'accessKey' | 'secret'>;

/** An implementation that shares no line with ours. */
export type Oracle = {
  sign(attempt: Attempt): Promise<Sent>;
  accepts(sent: Judged): Promise<boolean>;
};

/** What of an attempt travels, without a signature. */
export const sentOf = ({ method, scheme, authority, target, headers, body }: Sent): Sent => ({
  method,
  scheme,
  authority,
  target,
  headers,
  body,
});

export const urlOf = ({ scheme, authority, target }: Pick<Attempt, 'scheme' | 'authority' | 'target'>): string =>
  `${scheme}://${authority}${target}`;

const pieces = 'a b Z 0 - . _ ~ % %2F %2f %7e %20 + ! $ \' ( ) * , ; : @ [ ] { } | ^ ` " \\ é 中 😀 //'.split(' ');
const odd = (...more: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 8 }).map((parts) => parts.join(''));

const target = fc
  .record({ path: odd('/'), query: fc.option(odd('&', '=', '?', '/')), host: fc.constant('https://a.example') })
  .map(({ path, query, host }) => {
    const { pathname, search } = new URL(`${host}/${path.replace(/^\/+/, '')}${query === null ? '' : `?${query}`}`);
    return escapePercents(pathname + search);
  });

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Bodies that are texts: some peers take no others. */
export const textBody = fc
  .oneof(fc.constant(''), fc.json(), fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant('\u{feff}a\r\n\0'))
  .map(utf8);

export const anyBody = fc.oneof(
  textBody,
  fc.uint8Array({ maxLength: 64 }).map((bytes) => new Uint8Array(bytes)),
);

export const attempts: fc.Arbitrary<Attempt> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  scheme: fc.constantFrom('http', 'https'),
  authority: fc.constantFrom(
    'api.example.com',
    'api.example.com:8443',
    '127.0.0.1:8000',
    '[::1]:81',
    'xn--bcher-kva.example',
  ),
  target,
  headers: fc.record({
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain;charset=UTF-8',
      'Application/JSON; charset="utf-8"',
      'application/x-www-form-urlencoded',
    ),
    'x-tenant': fc.constantFrom('blue', 'a, b', 'with  two spaces', '"quoted; text=1"', '~'),
  }),
  body: anyBody,
  accessKey: fc.constantFrom('partner-1', 'A.b_c~d', 'akab-access-token-xxx', '0'),
  secret: fc.uint8Array({ minLength: 32, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  time: fc.integer({ min: 1, max: 4102444799 }).map((seconds) => seconds * 1000),
  nonce: fc.uuid(),
  challenge: fc.constantFrom('1700000000.0123456789abcdef', 'the-challenge_2~'),
});

/** A GET and a POST have a body or not; fetch sends none with GET. */
export const sendable = attempts.map(
  (attempt): Attempt => (attempt.method === 'GET' ? { ...attempt, body: new Uint8Array() } : attempt),
);
