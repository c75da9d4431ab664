import { inspect } from 'node:util';
import { createSigner, explainSigning, generateCredentials, prepareRequest, type SignerOptions } from 'countersign';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf } from './thrown.ts';

const url = 'https://api.example.com/orders?b=2&a=1';
const fixed = { clock: () => 1_700_000_000_999, nonce: () => 'nonce-0123456789' };
const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret, ...fixed });

let cryptoKey: CryptoKey;
beforeAll(async () => {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  cryptoKey = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['sign']);
});

describe('headers()', () => {
  it('answers at once with what sign() sets', async () => {
    for (const body of ['text', new Uint8Array([0, 255]), new URLSearchParams('a=b'), new ArrayBuffer(3), '']) {
      const signed = await signer.sign(new Request(url, { method: 'POST', body }));
      const headers = prepareRequest(signer, { method: 'post', url, body }).headers;
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      expect(new Map(lower as Array<[string, string]>)).toEqual(new Map([...signed.headers]));
    }
  });

  it('takes the URL as a text or a URL, GET by default, headers in any form', () => {
    const one = createSigner({ accessKey, secret, ...fixed, signedHeaders: ['X-Tenant'] });
    const plain = prepareRequest(one, { url, headers: { 'x-tenant': 'a' } }).headers;
    expect(
      prepareRequest(one, { method: 'GET', url: new URL(url), headers: new Headers({ 'X-Tenant': 'a' }) }).headers,
    ).toEqual(plain);
    expect(prepareRequest(one, { url, headers: [['X-TENANT', 'a']] }).headers).toEqual(plain);
    expect(
      prepareRequest(one, { url, headers: { get: (name) => (name === 'x-tenant' ? 'a' : null) } }).headers,
    ).toEqual(plain);
  });

  it('adds the content type that fetch would give a text, unless there is one', () => {
    expect(prepareRequest(signer, { method: 'POST', url, body: 'b' }).headers).toMatchObject({
      'Content-Type': 'text/plain;charset=UTF-8',
    });
    expect(prepareRequest(signer, { method: 'POST', url, body: new Uint8Array(1) }).headers).not.toHaveProperty(
      'Content-Type',
    );
    const own = { 'content-type': 'text/csv' };
    expect(prepareRequest(signer, { method: 'POST', url, body: 'b', headers: own }).headers).not.toHaveProperty(
      'Content-Type',
    );
  });

  it('needs sign() for what takes a promise', async () => {
    const asynchronous = createSigner({ credentials: async () => ({ accessKey, secret }) });
    const held = createSigner({ accessKey, secret: cryptoKey });
    expect(codeOf(() => prepareRequest(asynchronous, { url }).headers)).toBe('async_required');
    expect(codeOf(() => prepareRequest(held, { url }).headers)).toBe('async_required');
    for (const body of [new Blob(['b']), new FormData(), new Response('b').body]) {
      expect(codeOf(() => prepareRequest(signer, { method: 'POST', url, body }).headers)).toBe('async_required');
    }
  });

  it.each(['ftp://a.example/', 'https://user@a.example/', 'https://user:pass@a.example/', 'data:,'])(
    'refuses the URL %j',
    (bad) => {
      expect(codeOf(() => prepareRequest(signer, { url: bad }).headers)).toBe('invalid_request');
    },
  );

  it.each(['/relative', '', 'https://'])('refuses the URL %j, as fetch does', (bad) => {
    expect(() => prepareRequest(signer, { url: bad }).headers).toThrow(TypeError);
  });

  it.each(['', 'GET ', 'G\nT', 'GÉT', 'a'.repeat(65)])('refuses the method %j', (method) => {
    expect(codeOf(() => prepareRequest(signer, { method, url }).headers)).toBe('invalid_request');
  });
});

describe('sign()', () => {
  it('returns the Request it was given where its body need not be read', async () => {
    const plain = new Request(url);
    expect(await signer.sign(plain)).toBe(plain);
    expect(plain.headers.has('x-api-signature')).toBe(true);
  });

  it('reads a Request once, and returns another with the same bytes', async () => {
    const given = new Request(url, { method: 'POST', body: new Uint8Array([0, 255]) });
    const signed = await signer.sign(given);
    expect(given.bodyUsed).toBe(true);
    expect([...new Uint8Array(await signed.arrayBuffer())]).toEqual([0, 255]);
  });

  it('signs a Request whose headers cannot be set', async () => {
    const request = new Request(url, { method: 'POST', body: 'b', referrerPolicy: 'no-referrer' });
    const frozen = new Headers(request.headers);
    frozen.set = () => {
      throw new TypeError('immutable');
    };
    Object.defineProperty(request, 'headers', { value: frozen });
    const signed = await signer.sign(request);
    expect(signed).not.toBe(request);
    expect(signed.headers.get('x-api-key')).toBe(accessKey);
    expect([signed.referrerPolicy, await signed.text()]).toEqual(['no-referrer', 'b']);
  });

  it('puts a new signature in place of an older one, whole', async () => {
    const old = createSigner({ accessKey, secret, signedHeaders: ['x-tenant'] });
    const headers = { 'x-tenant': 'a' };
    const request = await old.sign(new Request(url, { method: 'POST', body: 'b', headers }), { body: 'b' });
    const again = await signer.sign(new Request(url, { headers: request.headers }));
    expect([...again.headers.keys()]).toEqual([
      'content-type',
      'x-api-key',
      'x-api-nonce',
      'x-api-signature',
      'x-api-timestamp',
      'x-tenant',
    ]);
  });

  it('gives the same signature with a key that WebCrypto holds', async () => {
    const held = createSigner({ accessKey, secret: cryptoKey, ...fixed });
    const bytes = createSigner({ accessKey, secret: new TextEncoder().encode(secret), ...fixed });
    const signatures: Array<Readonly<Record<string, string>>> = [];
    for (const one of [signer, held, bytes]) signatures.push((await explainSigning(one, url)).headers);
    expect(signatures[1]).toEqual(signatures[0]);
    expect(signatures[2]).toEqual(signatures[0]);
  });

  it('refuses a CryptoKey that is not for HMAC with SHA-256', async () => {
    const sha1 = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
    for (const key of [sha1, aes]) {
      expect(codeOf(() => createSigner({ accessKey, secret: key }))).toBe('invalid_credentials');
    }
  });
});

describe('signed headers', () => {
  const options = (signedHeaders: string[]): SignerOptions => ({ accessKey, secret, ...fixed, signedHeaders });

  it('are in the string to sign, sorted, each once, whatever their case', async () => {
    const one = createSigner(options(['X-B', 'accept', 'x-b', 'X-A']));
    const { stringToSign, headers } = await explainSigning(one, url, {
      headers: { 'x-a': ' 1 ', 'X-B': '2', accept: 'a, b' },
    });
    expect(stringToSign.split('\n').slice(-3)).toEqual(['accept:a, b', 'x-a:1', 'x-b:2']);
    expect(headers['X-API-Signed-Headers']).toBe('accept;x-a;x-b');
  });

  it('are the modifiers of every request, also where names cannot be listed', async () => {
    const fields = new Map([['x-a', '1']]).set('range', 'bytes=0-9').set('if-match', '"a"');
    const one = createSigner(options(['X-A', 'Range']));
    const headers = { get: (name: string) => fields.get(name) ?? null };
    expect(prepareRequest(one, { url, headers }).headers['X-API-Signed-Headers']).toBe('if-match;range;x-a');
    const signed = await one.sign(new Request(url, { headers: Object.fromEntries(fields) }));
    expect(signed.headers.get('x-api-signed-headers')).toBe('if-match;range;x-a');
  });

  it('must be there, or the request is not signed', async () => {
    const one = createSigner(options(['x-tenant']));
    expect(codeOf(() => prepareRequest(one, { url }).headers)).toBe('missing_header');
    await expect(one.sign(new Request(url))).rejects.toMatchObject({
      code: 'missing_header',
      message: expect.stringContaining('x-tenant'),
    });
    expect(prepareRequest(one, { url, headers: { 'x-tenant': '' } }).headers).toHaveProperty('X-API-Signature');
  });

  it.each([
    'Content-Type',
    'content-digest',
    'Content-Length',
    'Host',
    'Connection',
    'Transfer-Encoding',
    'X-API-Nonce',
  ])('cannot be %s', (name) => {
    expect(codeOf(() => createSigner(options([name])))).toBe('invalid_configuration');
  });

  it.each(['', 'x y', 'x:y', 'x\ny', 'ü', 'set-cookie', 'accept-encoding', 'te', 'x;y'])('cannot be %j', (name) => {
    expect(codeOf(() => createSigner(options([name])))).toBe('invalid_configuration');
  });

  it.each(['a\u0000b', 'ü', 'a\u007f', '€', 'a\r\nx-forged: 1'])('cannot have the value %j', (value) => {
    const one = createSigner(options(['x-tenant']));
    const view = { get: (name: string) => (name === 'x-tenant' ? value : null) };
    expect(codeOf(() => prepareRequest(one, { url, headers: view }).headers)).toBe('invalid_request');
  });
});

describe('clock and nonce', () => {
  it('are what the caller gives', () => {
    expect(prepareRequest(signer, { url }).headers).toMatchObject({
      'X-API-Timestamp': '1700000000',
      'X-API-Nonce': 'nonce-0123456789',
    });
  });

  it('are the time of now and 128 random bits otherwise', () => {
    const one = createSigner({ accessKey, secret });
    const before = Math.floor(Date.now() / 1000);
    const nonces = new Set<string>();
    for (let i = 0; i < 2000; i++) nonces.add(prepareRequest(one, { url }).headers['X-API-Nonce'] ?? '');
    expect(nonces.size).toBe(2000);
    for (const nonce of nonces) expect(nonce).toMatch(/^[\da-f]{32}$/);
    expect(Number(prepareRequest(one, { url }).headers['X-API-Timestamp'])).toBeGreaterThanOrEqual(before);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1000, 1e18])('refuse the time %d', (time) => {
    const one = createSigner({ accessKey, secret, clock: () => time });
    expect(codeOf(() => prepareRequest(one, { url }).headers)).toBe('invalid_configuration');
  });

  it.each(['', 'short', 'a'.repeat(129), 'with space 12345678', 'line\nbreak-12345678', 'ü'.repeat(16)])(
    'refuse the nonce %j',
    (nonce) => {
      const one = createSigner({ accessKey, secret, nonce: () => nonce });
      expect(codeOf(() => prepareRequest(one, { url }).headers)).toBe('invalid_configuration');
    },
  );
});

describe('explain()', () => {
  it('tells each stage of a Request, and leaves it to be sent', async () => {
    const request = new Request(url, { method: 'PUT', body: 'b' });
    const explained = await explainSigning(signer, request);
    expect(explained).toMatchObject({
      scheme: 'countersign-v1',
      message: { method: 'PUT', authority: 'api.example.com', target: '/orders?b=2&a=1' },
      bodyDigest: '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
    });
    expect(explained.stringToSign.split('\n')).toEqual([
      'countersign-v1-request',
      accessKey,
      '1700000000',
      'nonce-0123456789',
      'PUT',
      'api.example.com',
      '/orders?b=2&a=1',
      'text/plain;charset=UTF-8',
      'sha-256=:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0=:',
    ]);
    expect(await request.text()).toBe('b');
    expect([...request.headers.keys()]).toEqual(['content-type']);
    expect(await explainSigning(signer, url, { method: 'PUT', body: 'b' })).toMatchObject({
      stringToSign: explained.stringToSign,
    });
  });

  it('says where there is no body, and where its digest is declared', async () => {
    expect(await explainSigning(signer, url)).toMatchObject({ bodyDigest: 'none' });
    const headers = { 'content-digest': 'sha-256=:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0=:' };
    const request = new Request(url, { method: 'PUT', body: 'b', headers });
    expect(await explainSigning(signer, request)).toMatchObject({ bodyDigest: 'declared' });
    expect(await explainSigning(signer, url, { method: 'PUT', headers })).toMatchObject({ bodyDigest: 'declared' });
  });

  it('holds no secret', async () => {
    const explained = await explainSigning(signer, url, { method: 'PUT', body: 'b' });
    expect(inspect(explained, { depth: null }) + JSON.stringify(explained)).not.toContain(secret.slice(14, -8));
  });
});

it('reads bodies up to maxBodyBytes', async () => {
  const one = createSigner({ accessKey, secret, maxBodyBytes: 10 });
  const request = (size: number) => new Request(url, { method: 'POST', body: new Uint8Array(size) });
  expect((await one.sign(request(10))).headers.has('content-digest')).toBe(true);
  await expect(one.sign(request(11))).rejects.toMatchObject({ code: 'body_too_large', status: 413 });
  // What is in memory already costs nothing more to be hashed.
  expect(prepareRequest(one, { method: 'POST', url, body: new Uint8Array(11) }).headers).toHaveProperty(
    'Content-Digest',
  );
});
