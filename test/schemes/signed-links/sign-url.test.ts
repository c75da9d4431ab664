import {
  allowSecretInBrowser,
  type Credentials,
  createSigner,
  generateCredentials,
  issueSession,
  renewing,
  type SignUrlOptions,
  signUrl,
} from 'countersign';
import { combineSchemes, countersignV1, signedLinks } from 'countersign/schemes';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { noon } from '../../server/rig.ts';
import { address, linkRig, partsOf, seconds } from './link-rig.ts';

const { accessKey, secret } = generateCredentials();
const clock = () => noon;
const sign = (url: string | URL, more: Partial<SignUrlOptions> = {}, credentials: unknown = { accessKey, secret }) =>
  signUrl(credentials as Credentials, url, { expiresIn: 600, clock, ...more });
const own = `csign-key=${accessKey}&csign-until=${seconds + 600}&csign-signature=v1=`;

describe('a signed URL', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/?'],
    ['https://api.example.com/a', 'https://api.example.com/a?'],
    ['https://api.example.com/a?', 'https://api.example.com/a?'],
    ['https://api.example.com/a?b', 'https://api.example.com/a?b&'],
    ['https://api.example.com/a?b=1&', 'https://api.example.com/a?b=1&&'],
    ['https://api.example.com/a??', 'https://api.example.com/a??&'],
    ['https://api.example.com/a?&', 'https://api.example.com/a?&&'],
    ['https://api.example.com/a?q=%', 'https://api.example.com/a?q=%25&'],
    ['https://api.example.com/a b?q=ü"^|', 'https://api.example.com/a%20b?q=%C3%BC%22^|&'],
    ['HTTPS://API.example.com:443/%7e', 'https://api.example.com/%7e?'],
    ['http://[::1]:8080/a/../b', 'http://[::1]:8080/b?'],
    ['wss://api.example.com/live?room=1', 'wss://api.example.com/live?room=1&'],
    ['WS://localhost:3000/live', 'ws://localhost:3000/live?'],
    ['wss://api.example.com:443/live', 'wss://api.example.com/live?'],
  ])('has its parameters at the end, and verifies: %s', async (url, start) => {
    const link = await sign(url);
    expect(link.slice(0, -64)).toBe(start + own);
    const { use, sign: signed } = linkRig();
    expect(await use(await signed(url))).toBe('ok');
  });

  it('keeps its fragment, which is neither signed nor sent', async () => {
    const link = await sign('https://api.example.com/a.pdf?b=1#page=3?x#y');
    expect(link).toMatch(/^https:\/\/api\.example\.com\/a\.pdf\?b=1&csign-key=.*[\da-f]{64}#page=3\?x#y$/);
    expect((await sign('https://api.example.com/a.pdf?b=1')).slice(-64)).toBe(link.split('#')[0]?.slice(-64));
    expect(await sign('https://api.example.com/a.pdf#')).toMatch(/[\da-f]{64}#$/);
  });

  it('is made of a URL object as of its text', async () => {
    const url = new URL('wss://api.example.com/live?a=1');
    expect(await sign(url)).toBe(await sign(url.href));
  });

  it('is signed anew where it is a link already', async () => {
    for (const url of ['https://api.example.com/a', 'https://api.example.com/a?b=1#c']) {
      const later = await sign(url, { expiresIn: 900 });
      for (const once of [true, false]) {
        const again = await sign(await sign(url, { once }), { expiresIn: 900 });
        expect(again).toBe(later);
      }
      const reformed = new URL(await sign(url));
      reformed.search = new URLSearchParams(reformed.searchParams).toString();
      expect(await sign(reformed, { expiresIn: 900 })).toBe(later);
    }
  });

  it.each([
    'csign-key=1',
    'a=1&csign-key=1',
    'csign-scope',
    'csign%2Dkey=1',
    '%63sign-key=1&a=1',
    `${own}${'0'.repeat(64)}&a=1`,
    `csign-key=1&csign-until=1`,
    `${own}${'0'.repeat(64)}&${own}${'0'.repeat(64)}`,
  ])('takes no parameter of the application that begins with csign-: %s', async (query) => {
    await expect(sign(`https://api.example.com/a?${query}`)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('takes a parameter that only looks like one', async () => {
    const { sign: signed, use } = linkRig();
    for (const query of ['Csign-key=1', 'a=csign-key=1', 'csign=1', 'a=?csign-key=1', 'xcsign-key', ' csign-key=1'])
      expect(await use(await signed(`https://api.example.com/a?${query}`))).toBe('ok');
  });

  it.each(['/v1/orders', 'orders', '', 'ftp://api.example.com/', 'https://user@api.example.com/', 'data:,x', 'wss:'])(
    'is made of an absolute address by http or for a WebSocket alone: %s',
    async (url) => {
      await expect(sign(url)).rejects.toMatchObject({ code: 'invalid_request' });
    },
  );

  it.each<[string, object]>([
    ['expiresIn', { expiresIn: 0 }],
    ['expiresIn', { expiresIn: -1 }],
    ['expiresIn', { expiresIn: 1.5 }],
    ['expiresIn', { expiresIn: Number.NaN }],
    ['expiresIn', { expiresIn: Number.POSITIVE_INFINITY }],
    ['expiresIn', { expiresIn: '600' }],
    ['expiresIn', { expiresIn: 31_536_001 }],
    ['expiresIn', { expiresIn: undefined }],
    ['once', { once: 'yes' }],
    ['takes no expires', { expires: 600 }],
    ['clock', { clock: () => Number.NaN }],
    ['GET', { method: 'HEAD' }],
    ['GET', { method: 'head' }],
  ])('says which option is wrong: %s, %o', async (named, more) => {
    await expect(sign(address, more)).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringContaining(named),
    });
  });

  it.each([
    [null, 'invalid_configuration'],
    [createSigner({ accessKey, secret }), 'invalid_configuration'],
    [{ accessKey }, 'invalid_credentials'],
    [{ secret }, 'invalid_credentials'],
    [{ accessKey, secret: 'short' }, 'invalid_credentials'],
    [{ accessKey: `${accessKey}x`, secret }, 'invalid_credentials'],
    [() => undefined, 'invalid_credentials'],
  ])('needs credentials, as a signer does: %o', async (credentials, code) => {
    await expect(sign(address, {}, credentials)).rejects.toMatchObject({ code });
  });

  it('needs a method that is a token', async () => {
    await expect(sign(address, { method: 'G T' })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('credentials of a link', () => {
  it('may be a function, asked for each link', async () => {
    const both = [generateCredentials(), generateCredentials()];
    let place = 0;
    const links = [0, 1].map(() => sign(address, {}, async () => both[place++]));
    for (const [i, link] of (await Promise.all(links)).entries()) expect(link).toContain(both[i]?.accessKey);
  });

  it('may be sessions that renew themselves', async () => {
    const rig = linkRig();
    const parent = { accessKey: rig.accessKey, secret: rig.secret };
    const session = renewing(() => issueSession(parent, { expiresIn: 60, clock: () => rig.time.now }));
    const link = await signUrl(session, address, { expiresIn: 30, clock: () => rig.time.now });
    expect(link).toContain(`csign-key=${rig.accessKey}~s1.`);
    expect(await rig.use(link)).toBe('ok');
    rig.time.now += 29_999;
    expect(await rig.use(link)).toBe('ok');
  });

  it('may have a key that WebCrypto holds, and gives to nobody', async () => {
    const raw = new TextEncoder().encode(secret);
    const held = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    expect(await sign(address, {}, { accessKey, secret: held })).toBe(await sign(address));
  });

  describe('in a page', () => {
    afterEach(() => {
      vi.unstubAllGlobals();
    });

    it('must be those of a session, or say otherwise by symbol', async () => {
      vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0' });
      await expect(sign(address)).rejects.toMatchObject({ code: 'secret_in_browser' });
      const session = issueSession({ accessKey, secret }, { expiresIn: 60, clock });
      expect(await sign(address, {}, session)).toContain('~s1.');
      expect(await sign(address, { [allowSecretInBrowser]: true })).toContain(own);
    });
  });
});

describe('the scheme of links', () => {
  it('signs as a signer’s scheme too, for its longest life', async () => {
    const signer = createSigner({ accessKey, secret, clock, scheme: signedLinks({ maxLifetime: 600 }) });
    const { url, headers } = await signer.sign(address);
    expect(url).toBe(await sign(address));
    expect([...headers]).toEqual([]);
    // A retry that signs the signed request again.
    expect((await signer.sign(new Request(url))).url).toBe(url);
  });

  it('makes links that work once where it accepts no others', async () => {
    const { accessKey: key, secret: own, time, use } = linkRig({ links: { once: true }, acceptFindings: [] });
    const scheme = signedLinks({ maxLifetime: 600, once: true });
    const { url } = await createSigner({ accessKey: key, secret: own, clock: () => time.now, scheme }).sign(address);
    expect([await use(url), await use(url)]).toEqual(['ok', 'replayed_request']);
  });

  it('cannot sign headers, and cannot be combined with schemes of headers', () => {
    const scheme = signedLinks({ maxLifetime: 600 });
    expect(() => createSigner({ accessKey, secret, scheme, signedHeaders: ['accept'] })).toThrow(/accept/);
    expect(() => combineSchemes([{ scheme: countersignV1 }, { scheme }])).toThrow(/query/);
  });

  it.each<[object | undefined]>([
    [undefined],
    [{}],
    [{ maxLifetime: 0 }],
    [{ maxLifetime: 1.5 }],
    [{ maxLifetime: Number.NaN }],
    [{ maxLifetime: Number.POSITIVE_INFINITY }],
    [{ maxLifetime: 31_536_001 }],
    [{ maxLifetime: '60' }],
    [{ maxLifetime: 60, once: 'yes' }],
    [{ maxLifetime: 60, unsignedPayload: 1 }],
    [{ maxLifetime: 60, reusable: true }],
  ])('takes no options such as %o', (options) => {
    expect(() => signedLinks(options as { maxLifetime: number })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('takes a body where the provider accepts that nobody signed it, and never with GET', async () => {
    const links = { unsignedPayload: true };
    const body = new TextEncoder().encode('{}');
    expect(() => linkRig({ links })).toThrow(/body-unsigned/);
    const { sign: signed, use } = linkRig({ links, acceptFindings: ['no-nonce', 'body-unsigned'] });
    expect(await use(await signed(address, { method: 'PUT' }), { method: 'PUT', body })).toBe('ok');
    expect(await use(await signed(), { body })).toBe('missing_body_digest');
    expect(await use(await signed(), { method: 'HEAD', body })).toBe('missing_body_digest');
  });

  it('sends nothing but the link', async () => {
    const { target } = partsOf(await sign(address));
    expect(target).toBe(`/v1/report.pdf?page=2&page=1&${own}${target.slice(-64)}`);
  });
});
