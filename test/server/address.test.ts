import { createSigner, prepareRequest } from 'countersign';
import type { PublicAddress } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, outcomeOf, type Parts, rig, signedParts } from './rig.ts';

describe('behind a proxy', () => {
  it.each<[string, PublicAddress, Partial<Parts>, string]>([
    [
      'another host, which is named',
      { publicOrigin: 'https://api.example.com' },
      { authority: '10.0.0.7:8080', scheme: 'http' },
      'ok',
    ],
    ['another host, which is not named', {}, { authority: '10.0.0.7:8080' }, 'signature_mismatch'],
    ['a wrong name', { publicOrigin: 'https://api.example.net' }, {}, 'signature_mismatch'],
    ['a default port', { publicOrigin: 'https://api.example.com:443' }, { authority: 'x' }, 'ok'],
    ['capital letters and a slash', { publicOrigin: 'https://API.example.com/' }, { authority: 'x' }, 'ok'],
    ['a path taken off', { publicPath: '/v1' }, { target: '/orders?a=1' }, 'ok'],
    ['a path taken off that is not', { publicPath: '/v1' }, {}, 'signature_mismatch'],
    ['a path that needs normalising', { publicPath: '/%76%31' }, { target: '/orders?a=1' }, 'ok'],
    ['a part of a segment taken off', { publicPath: '/v' }, { target: '/1/orders?a=1' }, 'signature_mismatch'],
  ])('%s', async (_, address, change, code) => {
    const { signer, verifier } = rig(address);
    const parts = signedParts(signer, { target: '/v1/orders?a=1' });
    expect(await judge(verifier, { ...parts, ...change })).toBe(code);
  });

  it('works for a web Request alike', async () => {
    const { signer, verifier } = rig({ publicOrigin: 'https://api.example.com', publicPath: '/v1' });
    const { headers } = await signer.sign(new Request('https://api.example.com/v1/orders?a=%7e'));
    expect(outcomeOf(await verifier.verify(new Request('http://10.0.0.7:8080/orders?a=%7e', { headers })))).toBe('ok');
  });

  it.each<PublicAddress>([
    { publicOrigin: 'api.example.com' },
    { publicOrigin: '' },
    { publicOrigin: '//api.example.com' },
    { publicOrigin: 'https://api.example.com/v1' },
    { publicOrigin: 'https://api.example.com?a' },
    { publicOrigin: 'https://api.example.com#a' },
    { publicOrigin: 'https://user:secret@api.example.com' },
    { publicOrigin: 'ftp://api.example.com' },
    { publicOrigin: 'javascript:alert(1)' },
    { publicOrigin: 'https://' },
    { publicPath: '/' },
    { publicPath: 'v1' },
    { publicPath: '/v1/' },
    { publicPath: '/v1?a' },
    { publicPath: '/v1#a' },
    { publicPath: 'https://api.example.com/v1' },
  ])('%j is refused when the verifier is made', (address) => {
    expect(() => rig(address)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('the authority of a received request', () => {
  it.each([
    ['http', 'example.com:80', 'http://example.com/'],
    ['http', 'example.com', 'http://example.com:80/'],
    ['http', 'example.com:443', 'http://example.com:443/'],
    ['https', 'example.com:443', 'https://example.com/'],
    ['https', 'example.com:80', 'https://example.com:80/'],
    ['https', 'EXAMPLE.com:8443', 'https://example.com:8443/'],
    ['http', '[::1]:8080', 'http://[::1]:8080/'],
    ['http', '[2001:DB8::1]', 'http://[2001:db8::1]/'],
    ['http', 'xn--bcher-kva.example', 'http://bücher.example/'],
    [undefined, 'example.com:80', 'http://example.com/'],
  ] as const)('%s %s is that of %s', async (scheme, authority, url) => {
    const { signer, verifier } = rig();
    const headers = Object.entries(prepareRequest(signer, { url }).headers).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    const parts = {
      method: 'GET',
      target: '/',
      authority,
      headers: Object.fromEntries(headers),
      ...(scheme && { scheme }),
    };
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it.each([
    '',
    ' ',
    'a b',
    'a,b c',
    'user@host',
    'host/path',
    'host?x',
    'host#x',
    'host\n',
    'host\r\nx: y',
    'host\0',
    'hôst',
    '\ud800',
    'a\\b',
    '"host"',
    '<host>',
  ])('%j is malformed', async (authority) => {
    const { signer, verifier } = rig();
    expect(await judge(verifier, { ...signedParts(signer), authority })).toBe('malformed_field');
  });

  it('that came twice is no address', async () => {
    const { signer, verifier } = rig();
    expect(await judge(verifier, { ...signedParts(signer), authority: 'api.example.com, api.example.com' })).toBe(
      'malformed_field',
    );
  });
});

describe('the method of a received request', () => {
  it.each(['', ' ', 'GET ', 'GE T', 'GET\n', 'GET\nPOST', 'G\0T', 'GÉT', 'A'.repeat(65), 'GET/'])(
    '%j is none',
    async (method) => {
      const { signer, verifier } = rig();
      expect(await judge(verifier, { ...signedParts(signer), method })).toBe('invalid_request');
    },
  );

  it('may be in lower case, as some runtimes send it', async () => {
    const { accessKey, secret, verifier, time } = rig();
    const signer = createSigner({ accessKey, secret, clock: () => time.now });
    expect(await judge(verifier, { ...signedParts(signer, { method: 'patch' }), method: 'PATCH' })).toBe('ok');
    expect(await judge(verifier, { ...signedParts(signer, { method: 'PATCH' }), method: 'patch' })).toBe('ok');
  });
});
