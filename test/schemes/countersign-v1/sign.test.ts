import { describe, expect, it } from 'vitest';
import { countersignV1 } from '../../../src/schemes/countersign-v1/scheme.ts';
import { signCountersignV1 } from '../../../src/schemes/countersign-v1/sign.ts';
import { nativeHmacSha256 } from '../../../src/schemes/native-hmac.ts';
import { messageWith } from './rig.ts';

const digest = `sha-256=:${'A'.repeat(43)}=:`;
const prepare = (changed: object, fields: Readonly<Record<string, string>> = {}) =>
  signCountersignV1.prepare({
    message: messageWith(fields),
    accessKey: 'ak_1',
    time: 1767225600_999,
    nonce: 'a-nonce-of-24-characters',
    body: { kind: 'none' },
    signedHeaders: [],
    ...changed,
  });
const headersOf = (changed: object, fields?: Readonly<Record<string, string>>) =>
  prepare(changed, fields).headers(new Uint8Array(32));
const always = {
  'X-API-Key': 'ak_1',
  'X-API-Timestamp': '1767225600',
  'X-API-Nonce': 'a-nonce-of-24-characters',
  'X-API-Signature': `v1=${'0'.repeat(64)}`,
};

describe('the signing half', () => {
  it('says which fields are its own, and that it takes a digest of the body', () => {
    expect(signCountersignV1.fields).toEqual([
      'x-api-key',
      'x-api-timestamp',
      'x-api-nonce',
      'x-api-payload',
      'x-api-signed-headers',
      'x-api-signature',
      'content-digest',
    ]);
    expect(signCountersignV1.body).toBe('digest');
  });

  it.each([
    [digest, true],
    [`${digest} `, true],
    ['', false],
    [`${digest}, ${digest}`, false],
    ['sha-512=:AAAA:', false],
  ])('takes the Content-Digest %j of the caller for the digest of the body: %s', (value, expected) => {
    expect(signCountersignV1.declaresBody(new Headers({ 'Content-Digest': value }))).toBe(expected);
  });

  it('finds no digest where there is no field', () => {
    expect(signCountersignV1.declaresBody(new Headers())).toBe(false);
  });

  it('sends the fields that the request needs, and no others', () => {
    expect(headersOf({})).toEqual(always);
    expect(headersOf({ body: { kind: 'unsigned' } })).toEqual({ ...always, 'X-API-Payload': 'unsigned' });
    expect(headersOf({ body: { kind: 'digest', sha256: new Uint8Array(32) } })).toEqual({
      ...always,
      'Content-Digest': digest,
    });
    expect(headersOf({ signedHeaders: ['x-a'] }, { 'X-A': '1', Range: 'bytes=0-1' })).toEqual({
      ...always,
      'X-API-Signed-Headers': 'range;x-a',
    });
  });

  it('signs the digest that the caller declares, and no other that stands there', () => {
    const fields = { 'Content-Digest': digest };
    expect(headersOf({ body: { kind: 'declared' } }, fields)).toEqual({ ...always, 'Content-Digest': digest });
    expect(`${prepare({ body: { kind: 'declared' } }, fields).stringToSign}`.endsWith(`\n${digest}`)).toBe(true);
    expect(headersOf({ body: { kind: 'none' } }, fields)).toEqual(always);
    expect(headersOf({ body: { kind: 'declared' } })).toEqual(always);
  });

  it('signs each header once, sorted, when a modifier is there that the caller names too', () => {
    const { stringToSign } = prepare({ signedHeaders: ['range', 'x-a'] }, { 'X-A': '1', Range: 'b', 'If-Match': 'c' });
    expect(`${stringToSign}`.split('\n').slice(9)).toEqual(['if-match:c', 'range:b', 'x-a:1']);
  });

  it('refuses to sign a header that is not there', () => {
    expect(() => prepare({ signedHeaders: ['x-a'] })).toThrow(
      expect.objectContaining({
        code: 'missing_header',
        message: 'The request lacks x-a, which is signed. Browsers drop some headers.',
      }),
    );
  });

  it.each([
    [{ time: Number.NaN }, 'The clock returns an invalid value.'],
    [{ time: -1 }, 'The clock returns an invalid value.'],
    [{ nonce: 'short' }, 'The nonce returns an invalid value.'],
  ])('refuses %o', (changed, text) => {
    expect(() => prepare(changed)).toThrow(expect.objectContaining({ code: 'invalid_configuration', message: text }));
  });
});

describe('the whole scheme', () => {
  it('computes its HMAC with the platform where it has one', () => {
    expect(countersignV1.createKey).toBe(nativeHmacSha256);
  });
});
