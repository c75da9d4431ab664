import { createSigner, generateCredentials } from 'countersign';
import { countersignV1, defineScheme, rfc9421, sigv4 } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { judge, outcomeOf, received, rig, signedParts } from './rig.ts';

const target = fc
  .array(
    fc.constantFrom('%', '%25', '4', '1', '%41', '%2f', '%7E', 'a', 'é', '\u{1f600}', '/', '?', '&', '+', ' ', '~'),
  )
  .map((parts) => `/${parts.join('')}`);

describe('the normal form of a target', () => {
  it('is normal itself', () => {
    fc.assert(
      fc.property(target, (raw) => normaliseTarget(normaliseTarget(raw)) === normaliseTarget(raw)),
      { numRuns: 3000 },
    );
  });

  it('means the same, byte for byte', () => {
    // Decoded leniently, as servers do; a question mark that an empty query loses means nothing.
    const bytes = (text: string) =>
      Buffer.from(text)
        .toString('latin1')
        .replace(/%([\da-f]{2})/gi, (_, two: string) => String.fromCharCode(Number.parseInt(two, 16)));
    const queryless = (text: string) => text.replace(/^([^?]*)\?$/, '$1');
    fc.assert(
      fc.property(target, (raw) => bytes(normaliseTarget(raw)) === bytes(queryless(raw))),
      { numRuns: 3000 },
    );
  });

  it('is a URI that needs no mercy to be decoded', () => {
    fc.assert(fc.property(target, (raw) => /^(?:[!$&-;=?-Z[\]_a-z~]|%[\dA-F]{2})*$/.test(normaliseTarget(raw))));
  });
});

describe('a signed target', () => {
  // Deno, Bun and workerd build the URL of a Request from the Host header as it was sent.
  it.each(['api.example.com/v1#', 'api.example.com/v1?', 'me@api.example.com', 'api.example.com\\v1'])(
    'is not taken from a Host of %s',
    async (host) => {
      const { signer, verifier } = rig();
      const { headers } = signedParts(signer, { target: '/v1/orders' });
      const request = new Request('https://api.example.com/v1/orders', { headers: { ...headers, host } });
      expect(outcomeOf(await verifier.verify(request))).toBe('malformed_field');
      request.headers.set('host', 'api.example.com');
      expect(outcomeOf(await verifier.verify(request))).toBe('ok');
    },
  );

  it.each([
    ['/files/%A1', '/files/%%411'],
    ['/files/%A1', '/files/%%41%31'],
    ['/files/%41%2F', '/files/%%34%31%2F'],
    ['/orders', '/orders#admin'],
    ['/orders', 'orders'],
    ['/*', '*'],
    ['/http://internal/', 'http://internal/'],
    ['/', ''],
  ])('%s does not pass for %s', async (signed, sent) => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer, { target: signed });
    expect(await judge(verifier, { ...parts, target: sent })).not.toBe('ok');
    expect(await judge(verifier, parts)).toBe('ok');
  });

  it.each([
    ['/a%7eb', '/a~b'],
    ['/a%2fb', '/a%2Fb'],
    ['/a?', '/a'],
    ['/100%', '/100%25'],
    ['/a^b', '/a%5Eb'],
  ])('%s may be spelt %s on the way', async (signed, sent) => {
    const { signer, verifier } = rig();
    expect(await judge(verifier, { ...signedParts(signer, { target: signed }), target: sent })).toBe('ok');
  });
});

describe('a target with a character that no request line can hold', () => {
  const { accessKey, secret } = generateCredentials();
  const schemes = [
    countersignV1,
    rfc9421(),
    sigv4({ region: 'us-east-1', service: 's3' }),
    defineScheme({
      name: 'lines',
      stringToSign: '{method}\n{host}\n{target}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
      headers: { 'X-Signature': '{accessKey}:{timestamp}:{nonce}:{signature}' },
    }),
  ];
  // Escaped when it was signed, as a scheme that escapes on the server too would sign it.
  const sentWith = (scheme: (typeof schemes)[number], character: string) => {
    const { verifier, time } = rig({ scheme, record: { accessKey, secrets: [{ secret }] } });
    const signer = createSigner({ accessKey, secret, scheme, clock: () => time.now });
    const parts = signedParts(signer, { target: `/a${encodeURIComponent(character)}b?c` });
    return { verifier, parts: { ...parts, target: `/a${character}b?c` } };
  };

  it.each(schemes)('is refused before the scheme $name reads it', async (scheme) => {
    for (const code of [...Array(32).keys()]) {
      const { verifier, parts } = sentWith(scheme, String.fromCharCode(code));
      const result = await verifier.verify(received(parts));
      expect(result).toMatchObject({ error: { code: 'malformed_field', message: /control character/ } });
      expect(JSON.stringify(result)).not.toContain(parts.target);
    }
  });

  it.each(schemes)('is refused where some parsers let it pass: $name', async (scheme) => {
    for (const character of [' ', '\x7f', 'é']) {
      const { verifier, parts } = sentWith(scheme, character);
      expect(await judge(verifier, parts)).toBe('malformed_field');
    }
  });
});
