import { createHash, createHmac } from 'node:crypto';
import { type Cavage12Options, cavage12, encodeKeyId } from 'countersign/schemes';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sent } from '../definitions/attempt.ts';
import { published, textBytes } from '../definitions/published.ts';
import { makePair, type Pair } from './pair.ts';
import { openGate, sign } from './rig.ts';

const keyId = 'https://social.example/users/alice#main-key';
const accessKey = encodeKeyId(keyId);
const time = Date.UTC(2026, 10, 22, 12);
const scheme = cavage12();
const attempt = published({
  method: 'POST',
  target: '/inbox?a=1',
  headers: { 'content-type': 'application/activity+json' },
  body: textBytes('{"type":"Follow"}'),
  ...{ accessKey, time, secret: '' },
});

let pair: Pair;
beforeAll(async () => {
  pair = await makePair();
});

const gate = (options: Cavage12Options = {}) =>
  openGate({ scheme: cavage12(options), accessKey, secrets: [{ publicKey: pair.publicKey }], time });
const honest = () => sign(scheme, attempt, pair.privateKey);
const withHeaders = (sent: Sent, headers: Readonly<Record<string, string>>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
});
const edit = (sent: Sent, from: string | RegExp, to: string): Sent => {
  const before = sent.headers.authorization ?? '';
  expect(before).toMatch(from);
  return withHeaders(sent, { authorization: before.replace(from, to) });
};

const messageOf = ({ method, authority, target, headers }: Sent) => ({
  ...{ method, scheme: 'https' as const, authority, target, rawTarget: target },
  headers: new Headers(headers),
});

it('accepts what is signed, so that what follows is refused for its fault', async () => {
  expect(await gate()(await honest())).toBe('ok');
});

describe('a parameter of the signature', () => {
  it.each<[what: string, from: string | RegExp, to: string, code: string]>([
    ['another keyId', '#main-key', '#other-key', 'unknown_key'],
    ['keyId twice', 'keyId=', 'keyId="b",keyId=', 'malformed_field'],
    ['headers twice', 'headers=', 'headers="date",headers=', 'malformed_field'],
    ['a quote that is escaped', 'keyId="', 'keyId="\\"', 'malformed_field'],
    ['text after it', /$/, ' x', 'malformed_field'],
    ['an end without a parameter', /$/, ',', 'malformed_field'],
    ['no keyId', /keyId="[^"]*",/, '', 'malformed_field'],
    ['an empty keyId', keyId, '', 'malformed_field'],
    ['no signature', /,signature="[^"]*"/, '', 'malformed_field'],
    ['a signature that is no base64', /signature="./, 'signature="!', 'malformed_field'],
    ['another signature', /signature="..../, 'signature="AAAA', 'signature_mismatch'],
    ['the algorithm of a secret', 'rsa-sha256', 'hmac-sha256', 'signature_mismatch'],
    ['a weak algorithm', 'rsa-sha256', 'rsa-sha1', 'malformed_field'],
    ['a name of all objects as algorithm', 'rsa-sha256', 'constructor', 'malformed_field'],
    ['headers in another order', '(request-target) host', 'host (request-target)', 'signature_mismatch'],
    ['a header twice', 'host date', 'host host date', 'malformed_field'],
    ['two spaces', 'host date', 'host  date', 'malformed_field'],
    ['a header twice, in another case', 'host date', 'host Host date', 'malformed_field'],
    ['an unknown name in parentheses', 'host date', 'host (keyid) date', 'malformed_field'],
    ['a header that is absent', 'host date', 'host x-absent date', 'missing_header'],
    ['a name of all objects', 'host date', 'host constructor date', 'missing_header'],
    ['a time that is absent', 'host date', 'host (created) date', 'malformed_field'],
    ['no method, path and query', '(request-target) ', '', 'insufficient_coverage'],
    ['no host', ' host', '', 'insufficient_coverage'],
    ['no time', ' date', '', 'insufficient_coverage'],
    ['no content type', ' content-type', '', 'insufficient_coverage'],
    ['no digest', ' digest', '', 'signature_mismatch'],
    ['no headers', /headers="[^"]*",/, '', 'insufficient_coverage'],
    ['an end that has passed', 'headers=', `expires=${time / 1000 - 400},headers=`, 'expired_signature'],
    ['an end that is no number', 'headers=', 'expires="soon",headers=', 'malformed_field'],
    ['another scheme', 'Signature ', 'Signatures ', 'missing_signature'],
    ['thousands of characters', /$/, `,x="${'a'.repeat(5000)}"`, 'malformed_field'],
  ])('%s is refused', async (_, from, to, code) => {
    expect(await gate()(edit(await honest(), from, to))).toBe(code);
  });

  it.each<[what: string, from: string | RegExp, to: string]>([
    ['unknown, in front', 'keyId=', 'version="1",keyId='],
    ['hs2019', 'rsa-sha256', 'hs2019'],
    ['no algorithm', 'algorithm="rsa-sha256",', ''],
    ['names in another case', 'host date', 'Host Date'],
    ['blanks between', /",/g, '" , '],
  ])('%s is accepted', async (_, from, to) => {
    expect(await gate()(edit(await honest(), from, to))).toBe('ok');
  });
});

describe('a request', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
  it.each<[what: string, change: Partial<Sent>, headers: Record<string, string>, code: string]>([
    ['another method', { method: 'PUT' }, {}, 'signature_mismatch'],
    ['another host', { authority: 'other.example' }, {}, 'signature_mismatch'],
    ['another path', { target: '/outbox?a=1' }, {}, 'signature_mismatch'],
    ['another query', { target: '/inbox?a=2' }, {}, 'signature_mismatch'],
    ['another content type', {}, { 'content-type': 'text/xml' }, 'signature_mismatch'],
    ['another time', {}, { date: new Date(time + 1000).toUTCString() }, 'signature_mismatch'],
    ['another form of the time', {}, { date: new Date(time).toISOString() }, 'malformed_field'],
    ['another body', { body: textBytes('{"type":"Undo"}') }, {}, 'body_digest_mismatch'],
    ['no body', { body: textBytes('') }, {}, 'body_digest_mismatch'],
    ['another digest and body', { body: textBytes('x') }, { digest: `SHA-256=${sha256('x')}` }, 'signature_mismatch'],
    ['two digests', {}, { digest: `SHA-256=${sha256('x')},sha-256=${sha256('y')}` }, 'malformed_field'],
    ['a digest that is none', {}, { digest: 'SHA-256=x' }, 'malformed_field'],
    ['a digest with thousands of blanks', {}, { digest: `SHA-256=${' '.repeat(12_000)}x` }, 'malformed_field'],
    ['another digest only', {}, { digest: 'MD5=x' }, 'insufficient_coverage'],
    ['a range that is not signed', {}, { range: 'bytes=0-0' }, 'insufficient_coverage'],
    ['a line break in the path', { target: '/inbox\nhost: x' }, {}, 'malformed_field'],
  ])('with %s is refused', async (_, change, headers, code) => {
    expect(await gate()({ ...withHeaders(await honest(), headers), ...change })).toBe(code);
  });

  it('with a body that is not signed is refused', async () => {
    const other = cavage12({ headers: ['(request-target)', 'host', 'date', 'content-type'] });
    expect(await gate()(await sign(other, attempt, pair.privateKey))).toBe('missing_body_digest');
  });

  it('with two digests that differ is refused', async () => {
    const both = cavage12({
      headers: ['(request-target)', 'host', 'date', 'digest', 'x-content-sha256', 'content-type'],
    });
    const sent = await sign(both, attempt, pair.privateKey);
    expect(await gate()(withHeaders(sent, { 'x-content-sha256': sha256('x') }))).toBe('malformed_field');
    expect(await gate()(sent)).toBe('ok');
  });

  it('with a digest of thousands of characters costs no time', () => {
    const headers = { digest: `SHA-256=${' '.repeat(16_000)}x`, date: new Date(time).toUTCString() };
    const authorization = 'Signature keyId="a",headers="(request-target) host date digest",signature="AAAA"';
    const message = messageOf({ ...attempt, headers: { ...headers, authorization } });
    const started = performance.now();
    for (let i = 0; i < 20; i++) expect(() => scheme.read(message)).toThrow('more than 1024 characters');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('with two signatures is refused', async () => {
    const sent = await honest();
    const one = sent.headers.authorization ?? '';
    expect(await gate()(withHeaders(sent, { authorization: `${one}, ${one}` }))).toBe('malformed_field');
  });

  it('whose path could begin another line is not read', async () => {
    const sent = { ...(await honest()), target: '/inbox\nhost: evil.example' };
    expect(() => scheme.read(messageOf(sent))).toThrow('must be ASCII');
  });

  it('is accepted once', async () => {
    const verify = gate();
    const sent = await honest();
    expect([await verify(sent), await verify(sent)]).toEqual(['ok', 'replayed_request']);
    // Another spelling of the same signature.
    expect(await verify(edit(sent, 'algorithm="rsa-sha256",', ''))).toBe('replayed_request');
  });

  it('is refused later and earlier', async () => {
    const sent = await honest();
    const at = (moment: number) =>
      openGate({ scheme, accessKey, secrets: [{ publicKey: pair.publicKey }], time: moment })(sent);
    expect(await at(time + 400_000)).toBe('stale_timestamp');
    expect(await at(time - 400_000)).toBe('future_timestamp');
  });
});

describe('the key', () => {
  it('is never the secret of an HMAC, though everyone knows it', async () => {
    const sent = await honest();
    const read = scheme.read(messageOf(sent));
    for (const secret of [pair.publicPem, pair.publicPem.trim()]) {
      const mac = createHmac('sha256', secret).update(String(read.stringToSign)).digest('base64');
      const forged = edit(sent, /signature="[^"]*"/, `signature="${mac}"`);
      for (const algorithm of ['hmac-sha256', 'hs2019']) {
        expect(await gate()(edit(forged, 'rsa-sha256', algorithm))).toBe('signature_mismatch');
      }
    }
  });

  it('may be a secret, or Ed25519', async () => {
    const secret = 'a secret of thirty-two bytes, ok.';
    const sent = await sign(scheme, attempt, secret);
    expect(sent.headers.authorization).toContain('algorithm="hmac-sha256"');
    expect(await openGate({ scheme, accessKey, secrets: [{ secret }], time })(sent)).toBe('ok');
    const ed = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    const signed = await sign(scheme, attempt, ed.privateKey);
    expect(signed.headers.authorization).toContain('algorithm="hs2019"');
    expect(await openGate({ scheme, accessKey, secrets: [{ publicKey: ed.publicKey }], time })(signed)).toBe('ok');
    expect(await gate()(signed)).toBe('signature_mismatch');
  });

  it('is of no other algorithm, and long enough', async () => {
    const { subtle } = crypto;
    const ec = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) };
    const short = await subtle.generateKey({ ...rsa, modulusLength: 1024 }, false, ['sign', 'verify']);
    expect(() => scheme.createKey(ec.privateKey)).toThrow('no ecdsa-p256-sha256');
    expect(() => scheme.createKey(short.privateKey)).toThrow('1024 bits');
  });
});

describe('the time', () => {
  it.each(['(created)', 'x-date'])('may be %s', async (name) => {
    const headers = ['(request-target)', name, 'host', 'digest', 'content-type'];
    const other = cavage12({ headers });
    const sent = await sign(other, attempt, pair.privateKey);
    expect(sent.headers.date).toBeUndefined();
    // The configuration of the verifier says date, and it takes any time that is signed.
    expect(await gate()(sent)).toBe('ok');
    expect(await gate({ headers })(await honest())).toBe('ok');
  });

  it('of (created) comes first, and hides the algorithm', async () => {
    const both = cavage12({ headers: ['(request-target)', '(created)', 'date', 'host', 'digest', 'content-type'] });
    const sent = await sign(both, attempt, pair.privateKey);
    expect(sent.headers.authorization).toMatch(/algorithm="hs2019",created=\d+,headers=/);
    expect(await gate()(edit(sent, /created=\d+/, `created=${time / 1000 + 1}`))).toBe('signature_mismatch');
    expect(await gate()(sent)).toBe('ok');
  });
});

it('signs no body that is not there, but that of POST and PUT', async () => {
  const methods = ['GET', 'DELETE', 'POST', 'PUT'];
  const signed = methods.map(async (method) => {
    const { headers } = await sign(scheme, { ...attempt, method, body: new Uint8Array() }, pair.privateKey);
    return headers.digest !== undefined;
  });
  expect(await Promise.all(signed)).toEqual([false, false, true, true]);
});

describe('settings', () => {
  it.each<[Cavage12Options, string]>([
    [{ headers: ['host'] }, 'no time'],
    [{ headers: ['date', 'date'] }, 'repeat'],
    [{ headers: ['date', '(expires)'] }, '(expires)'],
    [{ headers: ['date', 'a b'] }, 'a b'],
    [{ headers: ['date', 'authorization'] }, 'authorization'],
    [{ carrier: 'cookie' as 'signature' }, 'carrier'],
    [{ algorithm: 'rsa-sha256' as 'hs2019' }, 'hs2019'],
  ])('%o are refused', (options, message) => {
    expect(() => cavage12(options)).toThrow(message);
  });

  it('report what they leave open', () => {
    const codes = (headers: readonly string[]) => cavage12({ headers }).findings?.map(({ code }) => code);
    expect(codes(['(created)'])).toEqual([
      ...['method-unsigned', 'path-unsigned', 'query-unsigned', 'host-unsigned', 'body-unsigned'],
      ...['content-type-unsigned', 'no-nonce', 'access-key-unbound'],
    ]);
    expect(scheme.findings?.map(({ code }) => code)).toEqual([
      ...['no-nonce', 'access-key-unbound', 'forbidden-browser-header'],
    ]);
  });

  it('refuse to sign further headers twice', () => {
    for (const name of ['host', 'Date', 'digest', 'signature', 'content-length', 'x-date', '(created)']) {
      expect(() => scheme.signableHeaders([name])).toThrow(name.toLowerCase());
    }
    expect(scheme.signableHeaders(['X-Tenant'])).toEqual(['x-tenant']);
  });
});
