import { describe, expect, it } from 'vitest';
import { contentDigest, sha256OfBodySync } from '../../../src/core/digest.ts';
import { countersignV1Response } from '../../../src/schemes/countersign-v1/response.ts';
import { messageWith, signedFields } from './rig.ts';

const sha256 = sha256OfBodySync(new TextEncoder().encode('{}'));
const countersigned = { 'X-API-Timestamp': '1767225600', 'X-API-Signature': `v1=${'0f'.repeat(32)}` };

const read = (fields: Readonly<Record<string, string>>, request = messageWith(signedFields)) =>
  countersignV1Response.read({ status: 200, headers: new Headers(fields), request });

describe('a countersignature', () => {
  it('stands in three fields', () => {
    expect(countersignV1Response.fields).toEqual(['X-API-Timestamp', 'Unencoded-Digest', 'X-API-Signature']);
  });

  it('is read with its time in milliseconds and its bytes', () => {
    const found = read(countersigned);
    expect(found?.time).toBe(1767225600_000);
    expect(found?.signature).toEqual(new Uint8Array(32).fill(15));
    expect(found?.stringToSign).toBe(
      `countersign-v1-response\n${signedFields['X-API-Signature']}\n1767225600\n200\n\n`,
    );
  });

  it('matches the body whose digest it has, and without a digest no body only', () => {
    const withDigest = read({ ...countersigned, 'Unencoded-Digest': contentDigest(sha256) });
    const body = new TextEncoder().encode('{}');
    expect(withDigest?.matches(body, sha256)).toBe(true);
    expect(withDigest?.matches(body, new Uint8Array(32))).toBe(false);
    expect(withDigest?.matches(new Uint8Array(), undefined)).toBe(false);
    expect(read(countersigned)?.matches(new Uint8Array(), undefined)).toBe(true);
    expect(read(countersigned)?.matches(body, sha256)).toBe(false);
  });

  it.each([
    { ...countersigned, 'X-API-Timestamp': '' },
    { ...countersigned, 'X-API-Timestamp': 'noon' },
    { ...countersigned, 'X-API-Signature': '' },
    { ...countersigned, 'X-API-Signature': `${countersigned['X-API-Signature']}0` },
    { ...countersigned, 'X-API-Signature': ` v2=${'0'.repeat(64)}` },
    { 'X-API-Timestamp': countersigned['X-API-Timestamp'] },
    { 'X-API-Signature': countersigned['X-API-Signature'] },
    { ...countersigned, 'Content-Type': '' },
  ])('is not there in %o', (fields) => {
    expect(read(fields)).toBeUndefined();
  });

  it('is not there where Content-Type holds blanks only', () => {
    // A Headers object trims values; other views do not.
    const view = new Headers(countersigned);
    const headers = { get: (name: string) => (name === 'content-type' ? ' \t' : view.get(name)) };
    expect(countersignV1Response.read({ status: 200, headers, request: messageWith(signedFields) })).toBeUndefined();
  });

  it('belongs to a request that is signed', () => {
    expect(read(countersigned, messageWith({}))).toBeUndefined();
    expect(read(countersigned, messageWith({ 'X-API-Signature': '' }))).toBeUndefined();
  });
});
