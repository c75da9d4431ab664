import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseTarget } from '../../../src/core/address.ts';
import type { PublicAddress, ReceivedRequest } from '../../../src/server/verify/message.ts';
import { createRequestResolver } from '../../../src/server/verify/message.ts';

const request = (parts: Partial<ReceivedRequest> = {}): ReceivedRequest => ({
  method: 'get',
  authority: 'api.example.com',
  target: '/orders?a=%7e',
  headers: new Headers(),
  ...parts,
});

const addressOf = (parts: Partial<ReceivedRequest> | Request, options: PublicAddress = {}, peer?: string) => {
  const given = parts instanceof Request ? parts : request(parts);
  const { method, scheme, authority, target, rawTarget, presentedTarget } = createRequestResolver(options)(
    given,
    peer,
  ).message();
  return { method, scheme, authority, target, rawTarget, presentedTarget };
};

const textOf = (run: () => unknown): string => {
  try {
    return JSON.stringify(run());
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return `${code}: ${message}`;
  }
};

/** A proxy on loopback, and the headers that it writes. */
const trusted = {
  trustedProxies: {
    addresses: ['127.0.0.1'],
    headers: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'],
  },
} as const;
const forwarded = (headers: Readonly<Record<string, string>>) =>
  textOf(() =>
    addressOf({ headers: new Headers({ 'x-forwarded-for': '192.0.2.1', ...headers }) }, trusted, '127.0.0.1'),
  );

describe('the address of a received request', () => {
  it('is that of its parts, over http by default', () => {
    expect(addressOf({})).toEqual({
      method: 'GET',
      scheme: 'http',
      authority: 'api.example.com',
      target: '/orders?a=~',
      rawTarget: '/orders?a=%7e',
      presentedTarget: '/orders?a=~',
    });
  });

  it('is that of the URL of a Request', () => {
    expect(addressOf(new Request('https://api.example.com/orders?a=%7e'))).toMatchObject({
      scheme: 'https',
      target: '/orders?a=~',
      rawTarget: '/orders?a=%7e',
    });
  });

  it.each([
    ['https', 'API.example.com:443', 'api.example.com'],
    ['http', 'api.example.com:80', 'api.example.com'],
    ['https', 'api.example.com:80', 'api.example.com:80'],
    ['http', 'api.example.com:443', 'api.example.com:443'],
    ['https', 'api.example.com:4430', 'api.example.com:4430'],
    ['http', 'api.example.com:8080', 'api.example.com:8080'],
  ] as const)('over %s to %s has the authority %s', (scheme, authority, expected) => {
    expect(addressOf({ scheme, authority }).authority).toBe(expected);
  });

  it.each(['a b', '', 'a/b'])('with the authority %o is refused', (authority) => {
    expect(textOf(() => addressOf({ authority }))).toBe('malformed_field: The Host header is malformed.');
  });

  it('is that of the connection, where no proxy is trusted', () => {
    expect(createRequestResolver({})(request(), '192.0.2.1').address).toBe('192.0.2.1');
  });

  it('may be stated in the Host of a Request as well', () => {
    const given = new Request('https://api.example.com/');
    Object.defineProperty(given, 'headers', { value: new Headers({ host: 'api.example.com' }) });
    expect(addressOf(given).authority).toBe('api.example.com');
  });

  it('with a Host that became a part of the URL is refused', () => {
    const given = new Request('https://api.example.com/');
    Object.defineProperty(given, 'headers', { value: new Headers({ host: 'a/b' }) });
    expect(textOf(() => addressOf(given))).toBe('malformed_field: The Host header is malformed.');
  });

  const pathText = 'malformed_field: The request target must be a path, without a fragment.';
  const percentText = 'malformed_field: The request target contains a % that begins no escape: a client must send %25.';
  const escapeText =
    'malformed_field: The request target contains characters that a client must escape, such as a space, control character or backslash in the path.';
  it.each([
    ['orders', pathText],
    ['*', pathText],
    ['https://api.example.com/', pathText],
    ['/orders#a', pathText],
    ['/a/#/b', pathText],
    ['/a b', escapeText],
    ['/a\\b', escapeText],
    ['/a?b=c d', escapeText],
    ['/100%', percentText],
    ['/?a=%2', percentText],
    ['/?a=%zz', percentText],
  ])('with the target %s is refused', (target, text) => {
    expect(textOf(() => addressOf({ target }))).toBe(text);
  });

  it.each(['/a^b|c', '/a?b=\\{c}`', '/', '/?', "/a!$%2f&'()*+,-./0:;=@Z[]_a~"])(
    'with the target %s is one',
    (target) => {
      expect(addressOf({ target }).rawTarget).toBe(target);
    },
  );
});

describe('the target of a received request', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
    fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`),
    fc.constantFrom('/', '?', '&', '=', '%', '%4', '%zz', '..', '//'),
  );
  it('is normalised in the same way by the short way and by the long one', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        const text = textOf(() => addressOf({ target }).target);
        if (!text.startsWith('malformed_field')) expect(JSON.parse(text)).toBe(normaliseTarget(target));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')))(
    'with the escape %%%s',
    (digits) => {
      for (const escaped of [`%${digits}`, `%${digits.toUpperCase()}`]) {
        expect(addressOf({ target: `/a${escaped}b` }).target).toBe(normaliseTarget(`/a${escaped}b`));
      }
    },
  );
});

describe('the public address', () => {
  it('takes the place of what was received', () => {
    const options = { publicOrigin: 'https://Public.example:443', publicPath: '/v1' };
    expect(addressOf({ authority: '10.0.0.7:8080' }, options)).toMatchObject({
      scheme: 'https',
      authority: 'public.example',
      target: '/v1/orders?a=~',
      rawTarget: '/v1/orders?a=%7e',
      presentedTarget: '/orders?a=~',
    });
  });

  it.each(['/v', '/v1', '/a/b'])('may have the path %s', (publicPath) => {
    expect(addressOf({}, { publicPath }).target).toBe(`${publicPath}/orders?a=~`);
  });

  it('may be http', () => {
    expect(addressOf({ scheme: 'https' }, { publicOrigin: 'http://public.example:80' })).toMatchObject({
      scheme: 'http',
      authority: 'public.example',
    });
  });

  it.each(['/', 'v1', 'v1/a', '/v1/', '/v1?a'])('has no publicPath %s', (publicPath) => {
    expect(textOf(() => createRequestResolver({ publicPath }))).toBe(
      'invalid_configuration: publicPath must look like /v1.',
    );
  });

  it.each([
    'public.example',
    'https://public.example/v1',
    'ftp://public.example',
    'xhttps://public.example',
    'https-x://public.example',
  ])('has no publicOrigin %s', (publicOrigin) => {
    expect(textOf(() => createRequestResolver({ publicOrigin }))).toBe(
      'invalid_configuration: publicOrigin must look like https://api.example.com.',
    );
  });
});

describe('what a trusted proxy forwards', () => {
  it('is the protocol also where the connection has the other one', () => {
    for (const proto of ['http', 'https'] as const) {
      const headers = new Headers({ 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': proto });
      const scheme = proto === 'http' ? 'https' : 'http';
      expect(addressOf({ headers, scheme }, trusted, '127.0.0.1').scheme).toBe(proto);
    }
  });

  it('takes the place of what was received', () => {
    const text = forwarded({
      'x-forwarded-proto': 'HTTPS',
      'x-forwarded-host': 'Public.example:443',
      'x-forwarded-prefix': '/v1/',
    });
    expect(JSON.parse(text)).toMatchObject({
      scheme: 'https',
      authority: 'public.example',
      target: '/v1/orders?a=~',
    });
    expect(JSON.parse(forwarded({}))).toMatchObject({ scheme: 'http', authority: 'api.example.com' });
    expect(JSON.parse(forwarded({ 'x-forwarded-prefix': '/v1' }))).toMatchObject({ target: '/v1/orders?a=~' });
    expect(JSON.parse(forwarded({ 'x-forwarded-prefix': '/' }))).toMatchObject({ target: '/orders?a=~' });
  });

  it.each([
    ['x-forwarded-proto', 'ftp', 'protocol, which must be http or https'],
    ['x-forwarded-host', 'a b', 'host'],
    ['x-forwarded-host', 'a,b', 'host'],
    ['x-forwarded-prefix', 'v1', 'prefix, which must be a path'],
    ['x-forwarded-prefix', '/v1?a', 'prefix, which must be a path'],
  ])('is refused where %s is %s', (name, value, what) => {
    // As one value: commas separate the values of several proxies.
    const given = value.includes(',') ? { forwarded: `for=192.0.2.1;host="${value}"` } : { [name]: value };
    const headers = new Headers({ 'x-forwarded-for': '192.0.2.1', ...given });
    const options = value.includes(',')
      ? { trustedProxies: { addresses: ['127.0.0.1'], headers: ['forwarded'] as const } }
      : trusted;
    expect(textOf(() => addressOf({ headers }, options, '127.0.0.1'))).toBe(
      `malformed_field: A trusted proxy forwarded a malformed ${what}.`,
    );
  });
});

describe('the headers of a received request', () => {
  const viewOf = (headers: ReceivedRequest['headers']) =>
    createRequestResolver({})(request({ headers })).message().headers;

  it('are looked up in lower case, and are text', () => {
    const view = viewOf(
      new Map<string, unknown>([
        ['x-a', 'b'],
        ['x-n', 7],
      ]) as never,
    );
    expect([view.get('X-A'), view.get('x-a'), view.get('x-n'), view.get('x-none')]).toEqual(['b', 'b', null, null]);
  });

  it('have names and lines where the server tells them apart', () => {
    const view = viewOf({
      get: () => 'a, b',
      keys: () => ['x-a'],
      lines: (name) => (name === 'x-a' ? ['a', 'b'] : []),
    });
    expect([...(view.keys?.() ?? [])]).toEqual(['x-a']);
    expect([view.lines?.('X-A'), view.lines?.('x-b')]).toEqual([['a', 'b'], []]);
  });

  it('have none where it does not', () => {
    const view = viewOf({ get: () => null });
    expect([view.keys, view.lines]).toEqual([undefined, undefined]);
  });

  it('may lose them later', () => {
    const headers: { -readonly [Name in keyof ReceivedRequest['headers']]: ReceivedRequest['headers'][Name] } = {
      get: () => null,
      keys: () => ['x-a'],
      lines: () => ['a'],
    };
    const view = viewOf(headers);
    delete headers.keys;
    delete headers.lines;
    expect([view.keys?.(), view.lines?.('x-a')]).toEqual([[], []]);
  });
});
