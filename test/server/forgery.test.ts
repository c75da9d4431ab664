import { describe, expect, it } from 'vitest';
import { described, drop, honest, set } from './honest.ts';
import { digestOf, judge, outcomeOf, type Parts, received, rig, signedParts } from './rig.ts';

/** Every field that a signature covers, or is carried by. */
const covered = [
  'x-api-key',
  'x-api-timestamp',
  'x-api-nonce',
  'x-api-signature',
  'x-api-signed-headers',
  'content-digest',
  'content-type',
  'x-tenant',
  'x-trace',
];

describe('a header that is part of the signature', () => {
  const changes: ReadonlyArray<readonly [string, (parts: Parts, name: string, value: string) => Parts]> = [
    ['removed', (parts, name) => drop(parts, name)],
    ['emptied', (parts, name) => set(parts, { [name]: '' })],
    ['blanked', (parts, name) => set(parts, { [name]: ' ' })],
    ['repeated', (parts, name, value) => set(parts, { [name]: `${value}, ${value}` })],
    ['repeated with another value', (parts, name, value) => set(parts, { [name]: `${value}, x` })],
    ['preceded by another value', (parts, name, value) => set(parts, { [name]: `x, ${value}` })],
    ['with one character more', (parts, name, value) => set(parts, { [name]: `${value}0` })],
    ['with one character less', (parts, name, value) => set(parts, { [name]: value.slice(0, -1) })],
    ['with its first character changed', (parts, name, value) => set(parts, { [name]: `~${value.slice(1)}` })],
    ['with the case of its letters changed', (parts, name, value) => set(parts, { [name]: swapCase(value) })],
    ['with a no-break space after it', (parts, name, value) => set(parts, { [name]: `${value}\u00a0` })],
    ['with a byte order mark before it', (parts, name, value) => set(parts, { [name]: `\ufeff${value}` })],
    ['with a line break after it', (parts, name, value) => set(parts, { [name]: `${value}\n` })],
    ['with a NUL in it', (parts, name, value) => set(parts, { [name]: `${value.slice(0, 3)}\0${value.slice(3)}` })],
    ['with the value of another request', (parts, name, value) => set(parts, { [name]: other(name, value) })],
  ];
  const rows = covered
    .flatMap((name) => changes.map(([change, apply]) => ({ name, change, apply })))
    .filter(
      // Several signatures are allowed, also equal ones.
      ({ name, change }) => !(name === 'x-api-signature' && change === 'repeated'),
    );

  it.each(rows)('$name, $change, is refused, and the nonce is not spent', async ({ name, apply }) => {
    const { verifier, parts, claimed } = honest();
    const value = parts.headers[name] ?? '';
    const forged = apply(parts, name, value);
    // Digits have no case.
    if (forged.headers[name] === value) return expect(name).toBe('x-api-timestamp');
    expect(await judge(verifier, forged)).not.toBe('ok');
    expect(claimed).toEqual([]);
    return expect(await judge(verifier, parts)).toBe('ok');
  });

  const swapCase = (text: string) =>
    text.replace(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));

  function other(name: string, value: string): string {
    const { signer } = honest();
    const { headers } = signedParts(signer, {
      ...described,
      body: '{}',
      headers: { ...described.headers, 'x-tenant': 'red', 'x-trace': 'c', 'content-type': 'text/plain' },
    });
    const found = headers[name] ?? '';
    return found === value ? `${value};x-zone` : found.replace(/^\d{10}$/, (seconds) => `${Number(seconds) + 1}`);
  }
});

describe('a signature made for one request does not pass for another', () => {
  it.each<[string, Partial<Parts>]>([
    ['method', { method: 'PUT' }],
    ['method that most servers treat alike', { method: 'PATCH' }],
    ['path', { target: '/v1/order?a=1&b=2' }],
    ['path with a slash more', { target: '/v1/orders/?a=1&b=2' }],
    ['path with a slash doubled', { target: '/v1//orders?a=1&b=2' }],
    ['path in upper case', { target: '/V1/orders?a=1&b=2' }],
    ['path with a dot segment', { target: '/v1/./orders?a=1&b=2' }],
    ['path with dot segments', { target: '/v1/x/../orders?a=1&b=2' }],
    ['path with escaped dot segments', { target: '/v1/x/%2e%2e/orders?a=1&b=2' }],
    ['path with an escaped slash', { target: '/v1%2Forders?a=1&b=2' }],
    ['path with a backslash', { target: '/v1\\orders?a=1&b=2' }],
    ['path with an escaped question mark', { target: '/v1/orders%3Fa=1&b=2' }],
    ['path with parameters', { target: '/v1/orders;x=1?a=1&b=2' }],
    ['query without its last part', { target: '/v1/orders?a=1' }],
    ['query with a part more', { target: '/v1/orders?a=1&b=2&admin=1' }],
    ['query in another order', { target: '/v1/orders?b=2&a=1' }],
    ['query with an ampersand more', { target: '/v1/orders?a=1&b=2&' }],
    ['query with a question mark more', { target: '/v1/orders??a=1&b=2' }],
    ['query with a semicolon', { target: '/v1/orders?a=1;b=2' }],
    ['query with an escaped ampersand', { target: '/v1/orders?a=1%26b=2' }],
    ['query emptied', { target: '/v1/orders?' }],
    ['query dropped', { target: '/v1/orders' }],
    ['host', { authority: 'api.example.net' }],
    ['host with a dot at its end', { authority: 'api.example.com.' }],
    ['host with a subdomain', { authority: 'x.api.example.com' }],
    ['port', { authority: 'api.example.com:8443' }],
    ['port that is not the default of https', { authority: 'api.example.com:80' }],
    ['body', { body: new TextEncoder().encode('{"sku":"A-2"}') }],
    ['body with a space more', { body: new TextEncoder().encode('{"sku": "A-1"}') }],
    ['empty body', { body: new Uint8Array() }],
  ])('with another %s', async (_, change) => {
    const { verifier, parts, claimed } = honest();
    expect(await judge(verifier, { ...parts, ...change })).not.toBe('ok');
    expect(claimed).toEqual([]);
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it.each([
    ['/a?q=b+c', '/a?q=b%20c'],
    ['/a?q=b%20c', '/a?q=b+c'],
    ['/a?q=b%2Bc', '/a?q=b+c'],
    ['/a%2Fb', '/a/b'],
    ['/a%252Fb', '/a%2Fb'],
    ['/a?q=%26', '/a?q=&'],
    ['/a?q', '/a?q='],
    ['/a%00b', '/ab'],
  ])('%s is not %s', async (signed, sent) => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer, { target: signed });
    expect(await judge(verifier, { ...parts, target: sent })).toBe('signature_mismatch');
  });

  it('but the case of the host, and the port that the scheme implies, are the same address', async () => {
    for (const authority of ['API.Example.COM', 'api.example.com:443', 'API.EXAMPLE.COM:443']) {
      const { verifier, parts } = honest();
      expect(await judge(verifier, { ...parts, authority })).toBe('ok');
    }
  });

  it('headers of two honest requests, exchanged one by one, never make a third', async () => {
    const { signer, verifier, parts } = honest();
    const second = signedParts(signer, {
      ...described,
      body: 'another',
      headers: { ...described.headers, 'x-tenant': 'red' },
    });
    for (const name of covered) {
      const value = second.headers[name] ?? '';
      if (value !== parts.headers[name])
        expect(await judge(verifier, set(parts, { [name]: value })), name).not.toBe('ok');
    }
    expect(await judge(verifier, { ...parts, body: second.body })).toBe('body_digest_mismatch');
  });
});

describe('the body', () => {
  it('cannot lose its digest', async () => {
    const { verifier, parts } = honest();
    expect(await judge(verifier, drop(parts, 'content-digest'))).toBe('signature_mismatch');
  });

  it('cannot bring the digest that fits it', async () => {
    const { verifier, parts } = honest();
    const body = new TextEncoder().encode('{"sku":"A-2"}');
    const forged = { ...set(parts, { 'content-digest': digestOf(body) }), body };
    expect(await judge(verifier, forged)).toBe('signature_mismatch');
  });

  it('cannot bring a second digest', async () => {
    const { verifier, parts } = honest();
    const good = parts.headers['content-digest'];
    for (const digest of [`${good}, sha-512=:AAAA:`, `sha-512=:AAAA:, ${good}`, `${good};a=1`, `${good}, ${good}`]) {
      expect(await judge(verifier, set(parts, { 'content-digest': digest }))).toBe('malformed_field');
    }
  });

  it('cannot be declared unsigned', async () => {
    const { verifier, parts } = honest();
    const downgraded = set(drop(parts, 'content-digest'), { 'x-api-payload': 'unsigned' });
    expect(await judge(verifier, downgraded)).toBe('signature_mismatch');
  });
});

describe('an honest request', () => {
  it('is accepted once, also where it comes a hundred times at once', async () => {
    const { verifier, parts, events } = honest();
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => verifier.verify(received(parts))));
    expect(outcomes.map(outcomeOf).filter((one) => one === 'ok')).toHaveLength(1);
    expect(outcomes.map(outcomeOf).filter((one) => one === 'replayed_request')).toHaveLength(99);
    expect(events).toHaveLength(100);
  });
});
