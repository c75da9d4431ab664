import { allowSecretInBrowser, type Credentials, createSigner, generateCredentials, prepareRequest } from 'countersign';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const now = 1_700_000_000_000;
const clock = () => now;
const day = 86_400_000;
const url = 'https://api.example.com/';
const { accessKey, secret } = generateCredentials();
const hmac = { name: 'HMAC', hash: 'SHA-256' };

afterEach(() => {
  vi.unstubAllGlobals();
});

const browsers: ReadonlyArray<[string, Record<string, unknown>]> = [
  ['a page', { navigator: { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0' }, window: {}, document: {} }],
  ['a worker', { navigator: { userAgent: 'Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0' }, self: {} }],
];

describe.each(browsers)('in %s', (_, globals) => {
  beforeEach(() => {
    for (const name in globals) vi.stubGlobal(name, globals[name]);
  });

  it.each<[string, Partial<Credentials>]>([
    ['a secret without end', {}],
    ['bytes without end', { secret: new TextEncoder().encode(secret) }],
    ['a secret that ends in more than a day', { expiresAt: now + day + 1 }],
    ['a secret that ends at no time', { expiresAt: Number.NaN }],
    ['a secret that never ends', { expiresAt: Number.POSITIVE_INFINITY }],
  ])('refuses %s', async (_name, more) => {
    const credentials: Credentials = { accessKey, secret, ...more };
    const refusal = expect.objectContaining({ code: 'secret_in_browser' });
    expect(() => createSigner({ credentials, clock })).toThrow(refusal);
    const provided = createSigner({ credentials: () => credentials, clock });
    expect(() => prepareRequest(provided, { url }).headers).toThrow(refusal);
    await expect(provided.sign(new Request(url))).rejects.toThrow(refusal);
    // A refusal is no key that was checked once.
    expect(() => prepareRequest(provided, { url }).headers).toThrow(refusal);
  });

  it('takes a secret that ends within a day', () => {
    const credentials = { accessKey, secret, expiresAt: now + day };
    expect(prepareRequest(createSigner({ credentials, clock }), { url }).headers).toHaveProperty('X-API-Signature');
  });

  it('takes a key that WebCrypto holds, and gives to nobody', async () => {
    const raw = new TextEncoder().encode(secret);
    const held = await crypto.subtle.importKey('raw', raw, hmac, false, ['sign']);
    const signed = await createSigner({ accessKey, secret: held }).sign(new Request(url));
    expect(signed.headers.has('x-api-signature')).toBe(true);
    const extractable = await crypto.subtle.importKey('raw', raw, hmac, true, ['sign']);
    expect(() => createSigner({ accessKey, secret: extractable })).toThrow(/browser/);
  });

  it('takes any secret where the caller says so by symbol', () => {
    const signer = createSigner({ accessKey, secret, [allowSecretInBrowser]: true });
    expect(prepareRequest(signer, { url }).headers).toHaveProperty('X-API-Signature');
    const named = { accessKey, secret, allowSecretInBrowser: true };
    expect(() => createSigner(named)).toThrow(/takes no allowSecretInBrowser/);
  });
});

describe('elsewhere', () => {
  it.each([
    ['without a navigator', undefined],
    ['in Node', { userAgent: 'Node.js/24' }],
    ['in Deno', { userAgent: 'Deno/2.5.0' }],
    ['in Bun', { userAgent: 'Bun/1.3.0' }],
    ['in Cloudflare Workers', { userAgent: 'Cloudflare-Workers' }],
    ['in React Native', { product: 'ReactNative' }],
  ])('takes a secret without end: %s', (_, navigator) => {
    vi.stubGlobal('navigator', navigator);
    expect(prepareRequest(createSigner({ accessKey, secret }), { url }).headers).toHaveProperty('X-API-Signature');
  });
});
