import { createHash, createPrivateKey, createPublicKey, createSign, createVerify } from 'node:crypto';
import { cavage12 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../../src/core/message.ts';

/** The key of appendix C, which is too short for a verifier: its examples are compared as strings to sign. */
const pem = `-----BEGIN RSA PRIVATE KEY-----
MIICXgIBAAKBgQDCFENGw33yGihy92pDjZQhl0C36rPJj+CvfSC8+q28hxA161QF
NUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6Z4UMR7EOcpfdUE9Hf3m/hs+F
UR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJwoYi+1hqp1fIekaxsyQIDAQAB
AoGBAJR8ZkCUvx5kzv+utdl7T5MnordT1TvoXXJGXK7ZZ+UuvMNUCdN2QPc4sBiA
QWvLw1cSKt5DsKZ8UETpYPy8pPYnnDEz2dDYiaew9+xEpubyeW2oH4Zx71wqBtOK
kqwrXa/pzdpiucRRjk6vE6YY7EBBs/g7uanVpGibOVAEsqH1AkEA7DkjVH28WDUg
f1nqvfn2Kj6CT7nIcE3jGJsZZ7zlZmBmHFDONMLUrXR/Zm3pR5m0tCmBqa5RK95u
412jt1dPIwJBANJT3v8pnkth48bQo/fKel6uEYyboRtA5/uHuHkZ6FQF7OUkGogc
mSJluOdc5t6hI1VsLn0QZEjQZMEOWr+wKSMCQQCC4kXJEsHAve77oP6HtG/IiEn7
kpyUXRNvFsDE0czpJJBvL/aRFUJxuRK91jhjC68sA7NsKMGg5OXb5I5Jj36xAkEA
gIT7aFOYBFwGgQAQkWNKLvySgKbAZRTeLBacpHMuQdl1DfdntvAyqpAZ0lY0RKmW
G6aFKaqQfOXKCyWoUiVknQJAXrlgySFci/2ueKlIE1QqIiLSZ8V8OlpFLRnb1pzI
7U1yQXnTAEFYM560yJlzUpOb1V4cScGd365tiSMvxLOvTA==
-----END RSA PRIVATE KEY-----`;
const publicKey = createPublicKey(createPrivateKey(pem));

const body = '{"hello": "world"}';
const sha256 = new Uint8Array(createHash('sha256').update(body).digest());
const fields = {
  date: 'Sun, 05 Jan 2014 21:31:40 GMT',
  'content-type': 'application/json',
  digest: 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
  'content-length': '18',
};
const line = { method: 'POST', url: 'https://example.com/foo?param=value&pet=dog' };

const examples = [
  {
    of: 'C.2 Basic Test',
    names: ['(request-target)', 'host', 'date'],
    parameters: '',
    signature:
      'qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=',
  },
  {
    of: 'C.3 All Headers Test',
    // Draft 12 adds (created) and (expires) to this list, but has the signature of earlier drafts, without them.
    names: ['(request-target)', 'host', ...Object.keys(fields)],
    parameters: 'created=1402170695, expires=1402170699,',
    signature:
      'vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=',
  },
];

describe.each(examples)('$of of appendix C', ({ names, parameters, signature }) => {
  it.each(['authorization', 'signature'] as const)('is read, in %s', (carrier) => {
    const value = `keyId="Test",algorithm="rsa-sha256",${parameters}headers="${names.join(' ')}",signature="${signature}"`;
    const headers = new Headers({ ...fields, [carrier]: carrier === 'signature' ? value : `Signature ${value}` });
    const read = cavage12({ headers: ['host', 'date'], carrier }).read(toMessage(line, headers));
    expect(read).toMatchObject({ accessKey: 'Test', algorithm: 'rsa-v1_5-sha256' });
    const verifier = createVerify('RSA-SHA256').update(String(read.stringToSign));
    expect(verifier.verify(publicKey, read.signatures[0] ?? new Uint8Array())).toBe(true);
  });
});

it('C.2 of appendix C is written to the byte', () => {
  const [{ names, signature } = { names: [], signature: '' }] = examples;
  const scheme = cavage12({ headers: names });
  const { stringToSign, headers } = scheme.prepare({
    message: toMessage(line, new Headers(fields)),
    accessKey: 'Test',
    algorithm: 'rsa-v1_5-sha256',
    time: Date.parse(fields.date),
    nonce: '',
    body: { kind: 'digest', sha256 },
    signedHeaders: [],
  });
  const made = new Uint8Array(createSign('RSA-SHA256').update(String(stringToSign)).sign(pem));
  expect(headers(made)).toEqual({
    date: fields.date,
    authorization: `Signature keyId="Test",algorithm="rsa-sha256",headers="(request-target) host date",signature="${signature}"`,
  });
});
