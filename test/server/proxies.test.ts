import { createSigner, prepareRequest } from 'countersign';
import type { ForwardingHeader, PublicAddress, TrustedProxies, VerifyContext } from 'countersign/server';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { outcomeOf, type Parts, type RigOptions, received, rig, signedParts } from './rig.ts';

const proxy = '10.0.0.7';
const client = '203.0.113.9';
const lists: TrustedProxies = {
  addresses: ['10.0.0.0/8', '2001:db8:aaaa::/48'],
  headers: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'],
};
const standard: TrustedProxies = { ...lists, headers: ['forwarded'] };
const usual = { 'x-forwarded-for': client, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.com' };

type Sent = {
  readonly options?: RigOptions;
  /** What the caller signed. @default https://api.example.com/v1/orders */
  readonly url?: string;
  /** As the last proxy presents it. @default the same path, at 10.0.0.1:8080, over http */
  readonly as?: Partial<Parts>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The other end of the connection. @default the proxy */
  readonly peer?: string | undefined;
};

/** What the verifier says of a request as a proxy presents it, and where it says it came from. */
async function judged(sent: Sent): Promise<readonly [outcome: string, address: string | undefined]> {
  const { options, url = 'https://api.example.com/v1/orders', as, headers } = sent;
  const { signer, verifier, events, accessKey, secret, time } = rig(options);
  const { host, pathname } = new URL(url);
  const clock = () => time.now;
  const added = prepareRequest(createSigner({ accessKey, secret, clock }), { method: 'GET', url }).headers;
  const lower = Object.entries(added).map(([name, value]) => [name.toLowerCase(), value]);
  const parts = { ...signedParts(signer, { authority: host, target: pathname }), headers: Object.fromEntries(lower) };
  const presented = { ...parts, authority: '10.0.0.1:8080', scheme: 'http' as const, ...as };
  const request = received({ ...presented, headers: { ...presented.headers, ...headers } });
  const peer = 'peer' in sent ? sent.peer : proxy;
  const context: VerifyContext = peer === undefined ? {} : { address: peer };
  const outcome = outcomeOf(await verifier.verify(request, context));
  return [outcome, events[0]?.address];
}

const behind = (trustedProxies: TrustedProxies, more: PublicAddress = {}): RigOptions => ({ trustedProxies, ...more });

describe('X-Forwarded headers', () => {
  it('are believed of a trusted proxy', async () => {
    expect(await judged({ options: behind(lists), headers: usual })).toEqual(['ok', client]);
  });

  it.each([
    '203.0.113.50',
    '11.0.0.7',
    '2001:db8:aaab::1',
    '',
    'localhost',
    '10.0.0.7, 203.0.113.50',
    '10.7',
    undefined,
  ])('are not believed of %s', async (peer) => {
    const forged = { ...usual, 'x-forwarded-for': '192.0.2.66' };
    expect(await judged({ options: behind(lists), headers: forged, peer })).toEqual(['signature_mismatch', peer]);
    const direct = { authority: 'api.example.com', scheme: 'https' } as const;
    const evil = {
      'x-forwarded-for': '192.0.2.66',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-prefix': '/admin',
    };
    expect(await judged({ options: behind(lists), headers: evil, peer, as: direct })).toEqual(['ok', peer]);
  });

  it.each<[what: string, list: string, address: string | undefined]>([
    ['what the caller wrote itself', `192.0.2.66, ${client}`, client],
    ['a proxy that the caller made up', `10.9.9.9, ${client}`, client],
    ['addresses in more lines than one', `192.0.2.66, 192.0.2.67, ${client}, 10.0.0.8`, client],
    ['several trusted proxies', `${client}, 10.0.0.8, 2001:db8:aaaa::2, 10.0.0.9`, client],
    ['a trusted proxy in the clothes of IPv6', `192.0.2.66, ${client}, ::ffff:10.0.0.8`, client],
    ['trusted proxies alone: the first is the client', '10.0.0.5, 10.0.0.8', '10.0.0.5'],
    ['a client within the proxies, and what it wrote', 'unknown, 10.0.0.5, 10.0.0.8', undefined],
    ['what nobody can read further left', `"><script>, ,,;, ${client}, 10.0.0.8`, client],
    ['no spaces', `192.0.2.66,${client},10.0.0.8`, client],
    ['tabs', `192.0.2.66\t,\t${client}\t,\t10.0.0.8`, client],
    ['a port', `192.0.2.66, ${client}:51234`, client],
    ['a port behind a trusted proxy', `192.0.2.66, ${client}, 10.0.0.8:51234`, client],
    ['IPv6 with a port', '[2001:db8::9]:51234', '2001:db8::9'],
    ['IPv6 in brackets', '[2001:db8::9]', '2001:db8::9'],
    ['one address in another spelling', '2001:0DB8:0:0::0009', '2001:db8::9'],
    ['IPv4 in the clothes of IPv6', `::ffff:${client}`, client],
    ['a client that is not known', '192.0.2.66, unknown', undefined],
    ['a client that is not told', '192.0.2.66, _hidden', undefined],
  ])('have the client behind %s', async (_, list, address) => {
    const headers = { ...usual, 'x-forwarded-for': list };
    expect(await judged({ options: behind(lists), headers })).toEqual(['ok', address]);
  });

  it('do not make a proxy the client by their absence, which a caller can bring about with Connection', async () => {
    const { 'x-forwarded-for': _, ...rest } = usual;
    expect(await judged({ options: behind(lists), headers: rest })).toEqual(['ok', undefined]);
    const internal = { ...behind(lists), record: { addresses: ['10.0.0.0/8'] } };
    expect(await judged({ options: internal, headers: rest })).toEqual(['address_not_allowed', undefined]);
  });

  it.each(['', ' ', ',', '192.0.2.66, ', `${client}, nowhere`, '192.0.2.66, 010.0.0.8', '192.0.2.66, 10.8'])(
    'that end in no address are malformed: %j',
    async (list) => {
      const headers = { ...usual, 'x-forwarded-for': list };
      expect(await judged({ options: behind(lists), headers })).toEqual(['malformed_field', proxy]);
    },
  );

  it.each([
    '192.0.2.66, 256.1.1.1',
    '192.0.2.66, 1',
    '192.0.2.66, 0xcb.0.113.9',
    '192.0.2.66, 203.0.113.9:',
    '192.0.2.66, 203.0.113.9:x',
    '192.0.2.66, [203.0.113.9]',
    '192.0.2.66, [2001:db8::9',
    '192.0.2.66, 2001:db8::9]:80',
    '192.0.2.66, 1::2::3',
    '192.0.2.66, "203.0.113.9"',
    '192.0.2.66, for=203.0.113.9',
    '192.0.2.66, ::ffff:010.0.0.8',
    '192.0.2.66, 203.0.113.9/32',
  ])('that end in what looks like an address are malformed: %s', async (list) => {
    const headers = { ...usual, 'x-forwarded-for': list };
    expect(await judged({ options: behind(lists), headers })).toEqual(['malformed_field', proxy]);
  });

  it.each<[name: string, value: string, outcome: string]>([
    ['x-forwarded-proto', 'HTTPS', 'ok'],
    ['x-forwarded-proto', 'https,https', 'ok'],
    ['x-forwarded-proto', 'http, https', 'malformed_field'],
    ['x-forwarded-proto', 'ftp', 'malformed_field'],
    ['x-forwarded-proto', '', 'malformed_field'],
    ['x-forwarded-proto', 'https://', 'malformed_field'],
    ['x-forwarded-host', 'API.example.com', 'ok'],
    ['x-forwarded-host', 'api.example.com:443', 'ok'],
    ['x-forwarded-host', 'api.example.com, api.example.com', 'ok'],
    ['x-forwarded-host', 'evil.example, api.example.com', 'malformed_field'],
    ['x-forwarded-host', 'api.example.com, evil.example', 'malformed_field'],
    ['x-forwarded-host', 'api.example.com:8443', 'signature_mismatch'],
    ['x-forwarded-host', '', 'malformed_field'],
    ['x-forwarded-host', 'api.example.com/', 'malformed_field'],
    ['x-forwarded-host', 'user@api.example.com', 'malformed_field'],
    ['x-forwarded-host', 'api.example.com\nx', 'malformed_field'],
    ['x-forwarded-prefix', '', 'ok'],
    ['x-forwarded-prefix', '/', 'ok'],
    ['x-forwarded-prefix', '/v1', 'signature_mismatch'],
    ['x-forwarded-prefix', '/a, /b', 'malformed_field'],
    ['x-forwarded-prefix', 'v1', 'malformed_field'],
    ['x-forwarded-prefix', '/v1?a', 'malformed_field'],
    ['x-forwarded-prefix', '/v1#a', 'malformed_field'],
    ['x-forwarded-prefix', '/v1\n/x', 'malformed_field'],
    ['x-forwarded-prefix', 'https://api.example.com/v1', 'malformed_field'],
  ])('%s: %j: %s, and the client is known all the same', async (name, value, outcome) => {
    const headers = { ...usual, [name]: value };
    expect(await judged({ options: behind(lists), headers })).toEqual([outcome, client]);
  });

  it.each(['/v1', '/v1/', '/v%31'])('put the prefix %s before the path that is left', async (prefix) => {
    const headers = { ...usual, 'x-forwarded-prefix': prefix };
    expect(await judged({ options: behind(lists), headers, as: { target: '/orders' } })).toEqual(['ok', client]);
  });

  it('that are not named are not read', async () => {
    const trustedProxies: TrustedProxies = { ...lists, headers: ['x-forwarded-for'] };
    const headers = {
      'x-forwarded-for': client,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-prefix': '/admin',
      forwarded: 'for="',
    };
    const as = { authority: 'api.example.com' };
    expect(await judged({ options: behind(trustedProxies), headers, as })).toEqual(['ok', client]);
  });
});

describe('Forwarded', () => {
  const through = (forwarded: string, more: Partial<Sent> = {}) =>
    judged({ options: behind(standard), headers: { forwarded }, ...more });
  const whole = `for=${client};proto=https;host=api.example.com`;

  it('is believed of a trusted proxy, and of nobody else', async () => {
    expect(await through(whole)).toEqual(['ok', client]);
    for (const peer of ['203.0.113.50', undefined]) {
      expect(await through(whole, { peer })).toEqual(['signature_mismatch', peer]);
    }
  });

  it.each<[what: string, value: string, address: string | undefined]>([
    ['what the caller wrote itself', `for=192.0.2.66;host=evil.example, ${whole}`, client],
    [
      'several trusted proxies',
      `for=192.0.2.66, ${whole}, for=10.0.0.8;host=inner;proto=http, for="10.0.0.9:80"`,
      client,
    ],
    [
      'trusted proxies alone: the first is the client',
      'for=10.0.0.5;proto=https;host=api.example.com, for=10.0.0.8',
      '10.0.0.5',
    ],
    ['IPv6 with a port', 'for="[2001:db8::9]:51234";proto=https;host=api.example.com', '2001:db8::9'],
    ['IPv6 that somebody forgot to quote', 'for=[2001:db8::9];proto=https;host=api.example.com:443', '2001:db8::9'],
    ['a port that is not told', `for="${client}:_51234";proto=https;host=api.example.com`, client],
    ['a client that is not known', 'for=192.0.2.66, for=unknown;proto=https;host=api.example.com', undefined],
    ['a client that is not told', 'for=192.0.2.66, for=_hidden;proto=https;host=api.example.com', undefined],
    ['no client', 'for=192.0.2.66, proto=https;host=api.example.com', undefined],
    ['names in capitals, and others', `For=${client};PROTO=HTTPS;Host="API.example.com:443";by=_x;secret=a`, client],
    ['quoted pairs', `for="${client}";proto=https;host="api\\.example\\.com"`, client],
    ['empty elements', `, ,for=192.0.2.66;, ${whole};`, client],
  ])('has the client behind %s', async (_, value, address) => {
    expect(await through(value)).toEqual(['ok', address]);
  });

  it.each([
    ['opens a quotation', 'for="192.0.2.66, '],
    ['opens a quotation at the end of a pair', 'for=192.0.2.66;host="evil.example, '],
    ['opens a quotation and escapes', 'for="192.0.2.66\\, '],
    ['leaves a pair open', 'for=192.0.2.66;host=, '],
    ['writes no pairs', '192.0.2.66, '],
    ['says the same twice', 'for=192.0.2.66;for=192.0.2.67, '],
    ['says the same twice in two spellings', 'for=192.0.2.66;FOR=192.0.2.67, '],
    ['quotes within a word', 'for=192."0".2.66, '],
    ['leaves out a name', '=192.0.2.66, '],
  ])('is malformed where the caller %s before what a proxy adds', async (_, begun) => {
    for (const added of [whole, `for="${client}";proto="https";host="api.example.com"`]) {
      expect(await through(begun + added)).toEqual(['malformed_field', proxy]);
    }
  });

  it.each([
    'for=nowhere',
    'for=""',
    'for=010.0.0.1',
    'for=10.8',
    'for="[203.0.113.9]"',
    'for="203.0.113.9, 192.0.2.66"',
    'for="[2001:db8::9]:"',
  ])('is malformed where the client is no address: %s', async (value) => {
    expect(await through(`for=192.0.2.66, ${value}`)).toEqual(['malformed_field', proxy]);
  });

  it.each([
    'proto=ftp',
    'proto=""',
    'host=""',
    'host="a b"',
    'host="a/b"',
    'host="a, b"',
    'host="user@api.example.com"',
  ])('is malformed with %s, and the client is known all the same', async (value) => {
    expect(await through(`for=${client};${value}`)).toEqual(['malformed_field', client]);
  });

  it.each(['', ' ', ',', ';'])('that says nothing (%j) says nothing of the client', async (value) => {
    const as = { authority: 'api.example.com' };
    expect(await through(value, { as })).toEqual(['ok', undefined]);
    expect(await judged({ options: behind(standard), as })).toEqual(['ok', undefined]);
  });

  it('is not completed by the headers that were there before', async () => {
    const headers = { forwarded: `for=${client}`, ...usual, 'x-forwarded-for': '192.0.2.66' };
    expect(await judged({ options: behind(standard), headers })).toEqual(['signature_mismatch', client]);
  });
});

describe('what trusted proxies say', () => {
  it('gives way to publicOrigin and publicPath, unread', async () => {
    const origin = { publicOrigin: 'https://api.example.com' };
    const evil = { 'x-forwarded-for': client, 'x-forwarded-host': 'evil example', 'x-forwarded-proto': 'gopher' };
    expect(await judged({ options: behind(lists, origin), headers: evil })).toEqual(['ok', client]);
    const forwarded = `for=${client};host="evil example";proto=gopher`;
    expect(await judged({ options: behind(standard, origin), headers: { forwarded } })).toEqual(['ok', client]);
    const both = { ...origin, publicPath: '/v1' };
    const headers = { ...evil, 'x-forwarded-prefix': 'no path' };
    expect(await judged({ options: behind(lists, both), headers, as: { target: '/orders' } })).toEqual(['ok', client]);
  });

  it.each<[url: string, proto: string, host: string, outcome: string]>([
    ['https://api.example.com/', 'https', 'api.example.com:443', 'ok'],
    ['http://api.example.com/', 'http', 'api.example.com:80', 'ok'],
    ['https://api.example.com:80/', 'https', 'api.example.com:80', 'ok'],
    ['http://api.example.com:443/', 'http', 'api.example.com:443', 'ok'],
    ['https://api.example.com/', 'http', 'api.example.com:443', 'signature_mismatch'],
    ['http://api.example.com/', 'https', 'api.example.com:80', 'signature_mismatch'],
    ['https://[2001:db8::1]/', 'https', '[2001:DB8::1]:443', 'ok'],
  ])('decides which port goes without saying: %s by %s at %s: %s', async (url, proto, host, outcome) => {
    const said = { 'x-forwarded-for': client, 'x-forwarded-proto': proto, 'x-forwarded-host': host };
    expect(await judged({ options: behind(lists), url, headers: said })).toEqual([outcome, client]);
    const kept = { 'x-forwarded-for': client, 'x-forwarded-proto': proto };
    expect(await judged({ options: behind(lists), url, headers: kept, as: { authority: host } })).toEqual([
      outcome,
      client,
    ]);
    const forwarded = `for=${client};proto=${proto};host="${host}"`;
    expect(await judged({ options: behind(standard), url, headers: { forwarded } })).toEqual([outcome, client]);
  });

  it('holds for a web Request alike', async () => {
    const { signer, verifier, events } = rig(behind(lists));
    const { headers } = await signer.sign(new Request('https://api.example.com/v1/orders?a=%7e'));
    headers.append('X-Forwarded-For', '192.0.2.66');
    headers.append('X-Forwarded-For', client);
    headers.set('X-Forwarded-Proto', 'https');
    headers.set('X-Forwarded-Host', 'api.example.com:443');
    headers.set('X-Forwarded-Prefix', '/v1');
    const presented = new Request('http://10.0.0.1:8080/orders?a=%7e', { headers });
    expect(outcomeOf(await verifier.verify(presented, { address: proxy }))).toBe('ok');
    expect(events[0]?.address).toBe(client);
  });

  it('is where a key may be used from', async () => {
    for (const [addresses, outcome] of [
      [['203.0.113.0/24'], 'ok'],
      [['10.0.0.0/8', '192.0.2.0/24'], 'address_not_allowed'],
    ] as const) {
      const options = { ...behind(lists), record: { addresses } };
      const headers = { ...usual, 'x-forwarded-for': `192.0.2.66, ${client}` };
      expect(await judged({ options, headers })).toEqual([outcome, client]);
    }
  });

  it('is whose budget is drawn on, however it is spelled and whatever the caller wrote', async () => {
    const byAddress = new RateLimiterMemory({ points: 2, duration: 60 });
    const { verifier } = rig({ ...behind(lists), limits: { byAddress } });
    const unsigned = async (list: string, extra: Record<string, string> = {}, target = '/') => {
      const headers = { ...usual, 'x-forwarded-for': list, ...extra };
      const request = received({ method: 'GET', authority: 'api.example.com', target, headers });
      return outcomeOf(await verifier.verify(request, { address: proxy }));
    };
    expect(await unsigned(`192.0.2.1, ${client}`)).toBe('missing_signature');
    expect(await unsigned(`192.0.2.2, ::ffff:${client}`, { 'x-forwarded-proto': 'ftp' })).toBe('malformed_field');
    expect(await unsigned(`192.0.2.3, ${client}:4711`, {}, '/a\nb')).toBe('rate_limited');
    expect(await unsigned('203.0.113.10')).toBe('missing_signature');
    expect(await byAddress.get(proxy)).toBeNull();
  });
});

describe('trustedProxies', () => {
  it.each<[what: string, trustedProxies: TrustedProxies]>([
    ['no headers', { addresses: ['10.0.0.0/8'], headers: [] }],
    ['no header that tells addresses', { addresses: ['10.0.0.0/8'], headers: ['x-forwarded-host'] }],
    ['both kinds of headers', { addresses: ['10.0.0.0/8'], headers: ['forwarded', 'x-forwarded-for'] }],
    ['another header', { addresses: ['10.0.0.0/8'], headers: ['x-forwarded-for', 'x-real-ip' as ForwardingHeader] }],
    ['a name', { addresses: ['proxy.example.com'], headers: ['forwarded'] }],
    ['bits that are too many', { addresses: ['10.0.0.0/33'], headers: ['forwarded'] }],
    ['a network in short', { addresses: ['10/8'], headers: ['forwarded'] }],
    ['a network in octal', { addresses: ['010.0.0.0/8'], headers: ['forwarded'] }],
    ['everybody', { addresses: ['10.0.0.0/8', '0.0.0.0/0'], headers: ['forwarded'] }],
    ['everybody by IPv6', { addresses: ['::/0'], headers: ['forwarded'] }],
    ['every IPv4 address by IPv6', { addresses: ['::ffff:0:0/96'], headers: ['forwarded'] }],
    ['more than IPv4 in the clothes of IPv6', { addresses: ['::ffff:10.0.0.0/90'], headers: ['forwarded'] }],
    ['nothing', { addresses: [''], headers: ['forwarded'] }],
  ])('with %s is refused when the verifier is made', (_, trustedProxies) => {
    expect(() => rig({ trustedProxies })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it.each(['::ffff:10.0.0.7', '::ffff:10.0.0.0/104', '10.0.0.7/32', '10.255.255.255/8', '::FFFF:A00:7'])(
    'may name a proxy as %s, however its address is spelled',
    async (address) => {
      for (const peer of [proxy, `::ffff:${proxy}`]) {
        const options = behind({ ...lists, addresses: [address] });
        expect(await judged({ options, headers: usual, peer })).toEqual(['ok', client]);
      }
    },
  );

  it('without addresses trusts nobody', async () => {
    const options = behind({ ...lists, addresses: [] });
    expect(await judged({ options, headers: usual })).toEqual(['signature_mismatch', proxy]);
  });
});
