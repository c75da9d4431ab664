import { generateCredentials } from 'countersign';
import { memoryKeys } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, macOf, signedParts } from '../../server/rig.ts';
import { address, linkRig, partsOf, seconds, swap } from './link-rig.ts';

const mark = (link: string) => link.indexOf('csign-key');

it('accepts the link as it was signed', async () => {
  const { sign, use, claimed } = linkRig();
  const link = await sign();
  expect(link.slice(0, mark(link))).toBe(`${address}&`);
  expect(await use(link)).toBe('ok');
  expect(await use(link, { method: 'HEAD' })).toBe('ok');
  expect(claimed).toEqual([]);
});

describe('a link that someone has changed', () => {
  const changes: ReadonlyArray<readonly [string, (link: string) => string]> = [
    ['a value of the application', (link) => swap(link, 'page=2', 'page=3')],
    ['the order of the application’s parameters', (link) => swap(link, 'page=2&page=1', 'page=1&page=2')],
    ['a parameter that is removed', (link) => swap(link, 'page=2&', '')],
    ['a parameter that is added in front', (link) => swap(link, '?', '?admin=1&')],
    ['a parameter that is added before the signature', (link) => swap(link, '&csign-key', '&admin=1&csign-key')],
    ['an empty parameter', (link) => swap(link, '&csign-key', '&&csign-key')],
    ['the path', (link) => swap(link, 'report', 'other')],
    ['the case of the path', (link) => swap(link, 'report', 'Report')],
    ['a slash at the end of the path', (link) => swap(link, '.pdf', '.pdf/')],
    ['an escaped slash in the path', (link) => swap(link, '/report', '%2Freport')],
    ['a dot segment in the path', (link) => swap(link, '/report', '/./report')],
    ['a host', (link) => swap(link, 'api.', 'www.')],
    ['a port', (link) => swap(link, '.com', '.com:8443')],
    ['a later end', (link) => swap(link, /until=(\d+)/, `until=${seconds + 601}`)],
    ['an earlier end', (link) => swap(link, /until=(\d+)/, `until=${seconds + 599}`)],
    ['a nonce that is added', (link) => swap(link, '&csign-sig', '&csign-nonce=0123456789abcdef&csign-sig')],
    ['another signature', (link) => link.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))],
  ];

  it.each(changes)('is refused: %s', async (_, change) => {
    const { sign, use } = linkRig();
    expect(await use(change(await sign()))).toBe('signature_mismatch');
  });

  it('is refused by another method', async () => {
    const { sign, use } = linkRig();
    const link = await sign();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect(await use(link, { method })).toBe('signature_mismatch');
    const post = await sign(address, { method: 'post' });
    expect(await use(post, { method: 'POST' })).toBe('ok');
    for (const method of ['GET', 'HEAD', 'PUT']) expect(await use(post, { method })).toBe('signature_mismatch');
  });

  it('is refused with a body', async () => {
    const { sign, use } = linkRig();
    const body = new TextEncoder().encode('{}');
    expect(await use(await sign(), { body })).toBe('missing_body_digest');
    expect(await use(await sign(address, { method: 'PUT' }), { method: 'PUT', body })).toBe('missing_body_digest');
  });

  it('is the same link with an equivalent spelling, and no other with + for %20', async () => {
    const { sign, use } = linkRig();
    const link = await sign('https://api.example.com/v1/a%2db?q=a%20b+c%2fd');
    expect(await use(swap(link, 'a%2db', 'a-b'))).toBe('ok');
    expect(await use(swap(link, '%2fd', '%2Fd'))).toBe('ok');
    expect(await use(swap(link, '%20', '+'))).toBe('signature_mismatch');
    expect(await use(swap(link, '+', '%20'))).toBe('signature_mismatch');
    expect(await use(swap(link, '+', '%2B'))).toBe('signature_mismatch');
    expect(await use(swap(link, '%2fd', '/d'))).toBe('signature_mismatch');
  });

  it('is one link by http and https of the same authority, as with countersign-v1', async () => {
    const { sign, use } = linkRig();
    const link = await sign();
    expect(await use(link, { scheme: 'http' })).toBe('ok');
    expect(await use(link, { scheme: 'http', authority: 'api.example.com:443' })).toBe('signature_mismatch');
  });
});

describe('the life of a link', () => {
  it('is over at its end, to the millisecond', async () => {
    const { sign, use, time } = linkRig();
    const link = await sign();
    time.now += 599_999;
    expect(await use(link)).toBe('ok');
    time.now += 1;
    expect(await use(link)).toBe('expired_signature');
    time.now += 1;
    expect(await use(link)).toBe('expired_signature');
  });

  it('is at most what the provider allows, and the tolerance of clocks', async () => {
    const { sign, use, claimed } = linkRig({ links: { maxLifetime: 60 }, tolerance: 10 });
    expect(await use(await sign(address, { expiresIn: 70 }))).toBe('ok');
    expect(await use(await sign(address, { expiresIn: 71 }))).toBe('lifetime_too_long');
    expect(await use(await sign(address, { expiresIn: 71, once: true }))).toBe('lifetime_too_long');
    expect(await use(await sign(address, { expiresIn: 31_536_000, once: true }))).toBe('lifetime_too_long');
    expect(claimed).toEqual([]);
  });

  it('is not longer for a clock that fails', async () => {
    const { sign, use, time } = linkRig();
    const link = await sign();
    time.now = Number.NaN;
    expect(await use(link)).not.toBe('ok');
  });
});

describe('a link and a header', () => {
  const nonce = '0123456789abcdef0123456789abcdef';

  it('do not share a signature: that of a link in headers', async () => {
    const { sign, verifier, accessKey } = linkRig();
    for (const once of [true, false]) {
      const link = partsOf(await sign('https://api.example.com/v1/orders', { once }));
      const until = /until=(\d+)/.exec(link.target)?.[1] ?? '';
      const own = /nonce=(\w+)/.exec(link.target)?.[1] ?? nonce;
      const headers = {
        'x-api-key': accessKey,
        'x-api-timestamp': until,
        'x-api-nonce': own,
        'x-api-signature': link.target.slice(-67),
      };
      const signed = link.target.slice(0, link.target.indexOf('&csign-signature'));
      for (const target of ['/v1/orders', signed])
        expect(await judge(verifier, { ...link, target, headers })).toBe('signature_mismatch');
    }
  });

  it('do not share a signature: that of headers in a link', async () => {
    const { signer, use, accessKey } = linkRig();
    for (const target of [
      '/v1/orders',
      `/v1/orders?csign-key=${accessKey}&csign-until=${seconds}&csign-nonce=${nonce}`,
    ]) {
      const { headers } = signedParts(signer, { target });
      const own = `csign-key=${accessKey}&csign-until=${headers['x-api-timestamp']}&csign-nonce=${headers['x-api-nonce']}`;
      const link = `https://api.example.com/v1/orders?${own}&csign-signature=${headers['x-api-signature']}`;
      expect(await use(link)).toBe('signature_mismatch');
    }
  });

  it('may be in one request, of which each is verified', async () => {
    const { sign, signer, verifier } = linkRig();
    const link = partsOf(await sign());
    const { headers } = signedParts(signer, { target: link.target });
    expect(await judge(verifier, { ...link, headers })).toBe('ok');
    // A wrong one neither helps nor blocks the other.
    const wrong = { ...headers, 'x-api-signature': `v1=${'0'.repeat(64)}` };
    expect(await judge(verifier, { ...link, headers: wrong })).toBe('ok');
    expect(await judge(verifier, { ...link, target: link.target.replace('page=2', 'page=3'), headers: wrong })).toBe(
      'signature_mismatch',
    );
  });

  it('leaves the application’s own parameters alone where a request is signed by headers', async () => {
    const { signer, verifier } = linkRig();
    for (const target of ['/v1/orders?csign-key=1', '/v1/orders?csign-signature=a&csign-key=b'])
      expect(await judge(verifier, signedParts(signer, { target }))).toBe('ok');
  });
});

describe('the key of a link', () => {
  it('is the one that it names', async () => {
    const { sign, use } = linkRig();
    const other = generateCredentials();
    expect(await use(await sign(address, {}, other))).toBe('unknown_key');
    const link = await sign();
    expect(await use(swap(link, /csign-key=[^&]+/, `csign-key=${other.accessKey}`))).toBe('unknown_key');
  });

  it('signs for no other key of the same secret', async () => {
    const secret = 'one secret of two keys, 32 bytes';
    const keys = memoryKeys(['a', 'b'].map((accessKey) => ({ accessKey, service: 'x', secrets: [{ secret }] })));
    const { sign, use } = linkRig({ keys });
    const link = await sign(address, {}, { accessKey: 'a', secret });
    expect(await use(link)).toBe('ok');
    expect(await use(swap(link, 'csign-key=a', 'csign-key=b'))).toBe('signature_mismatch');
  });

  it.each([
    ['revoked_key', { revoked: true }],
    ['expired_key', { expiresAt: seconds * 1000 }],
    ['inactive_key', { notBefore: seconds * 1000 + 1 }],
    ['scheme_not_allowed', { schemes: ['countersign-v1'] }],
    ['address_not_allowed', { addresses: ['10.0.0.0/8'] }],
  ])('is refused as for any signature: %s', async (code, record) => {
    const { sign, use } = linkRig({ record });
    expect(await use(await sign())).toBe(code);
  });

  it('is rotated as for any signature', async () => {
    const [old, next] = ['the old secret, 32 bytes long...', 'the next secret, 32 bytes long..'];
    const secrets = [{ secret: old, expiresAt: seconds * 1000 + 1000 }, { secret: next }];
    const { sign, use, time, accessKey } = linkRig({ record: { secrets } });
    const links = await Promise.all([old, next].map((secret) => sign(address, {}, { accessKey, secret })));
    expect(await Promise.all(links.map((link) => use(link)))).toEqual(['ok', 'ok']);
    time.now += 1000;
    expect(await Promise.all(links.map((link) => use(link)))).toEqual(['retired_secret', 'ok']);
  });

  it('has a MAC over the lines of docs/protocol.md', async () => {
    const { sign, accessKey, secret } = linkRig();
    const link = await sign('https://API.example.com:443/v1/%7ea?b=%2f', { once: true, method: 'delete' });
    const nonce = /nonce=(\w{32})/.exec(link)?.[1];
    const until = seconds + 600;
    const own = `csign-key=${accessKey}&csign-until=${until}&csign-nonce=${nonce}`;
    const lines = ['countersign-v1-link', accessKey, until, nonce, 'DELETE', 'api.example.com', `/v1/~a?b=%2F&${own}`];
    expect(link).toBe(
      `https://api.example.com/v1/%7ea?b=%2f&${own}&csign-signature=v1=${macOf(secret, lines.join('\n'))}`,
    );
  });
});
