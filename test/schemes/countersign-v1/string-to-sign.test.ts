import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/core/encoding.ts';
import { SignatureError } from '../../../src/core/errors.ts';
import { toMessage } from '../../../src/core/message.ts';
import type { SignedBody } from '../../../src/core/scheme.ts';
import { readCountersignV1 } from '../../../src/schemes/countersign-v1/read.ts';
import { countersignV1Response } from '../../../src/schemes/countersign-v1/response.ts';
import { signCountersignV1 } from '../../../src/schemes/countersign-v1/sign.ts';

const text = (pattern: string, size: { minLength: number; maxLength: number }) =>
  fc.string({ unit: fc.constantFrom(...pattern), ...size });
// Few characters, and among them all that could end a line or pass for another field.
const headerValue = fc.array(fc.constantFrom('a', ':', ' ', '\n', '\r', '\r\n', '\t', ',', 'x-a:', 'é', '\u2028'), {
  maxLength: 4,
});
const names = ['x-a', 'x-b', 'x-a-b', '__proto__', 'content-language'];

const input = fc.record({
  accessKey: text('k1.~_-', { minLength: 1, maxLength: 3 }),
  seconds: fc.constantFrom(0, 1, 10, 1767225600, 999999999999),
  nonce: text('nN0_-', { minLength: 16, maxLength: 18 }),
  method: fc.constantFrom('GET', 'get', 'POST', 'M-SEARCH'),
  url: fc.constantFrom('https://a.example/', 'https://a.example/?', 'http://a.example:81/b%0Ac', 'https://b.example/'),
  contentType: fc.option(headerValue.map((parts) => parts.join(''))),
  body: fc.oneof(
    fc.constant<SignedBody>({ kind: 'none' }),
    fc.constant<SignedBody>({ kind: 'unsigned' }),
    fc.uint8Array({ minLength: 32, maxLength: 32, max: 1 }).map((sha256): SignedBody => ({ kind: 'digest', sha256 })),
  ),
  headers: fc.dictionary(
    fc.constantFrom(...names),
    headerValue.map((parts) => parts.join('')),
    { noNullPrototype: true },
  ),
  signed: fc.subarray(names),
});
type Input = typeof input extends fc.Arbitrary<infer Value> ? Value : never;

function prepared({ accessKey, seconds, nonce, method, url, contentType, body, headers, signed }: Input) {
  const fields = new Map(Object.entries(headers));
  if (contentType !== null) fields.set('content-type', contentType);
  const message = toMessage({ method, url }, { get: (name) => fields.get(name.toLowerCase()) ?? null });
  const signedHeaders = signCountersignV1.signableHeaders(signed);
  const time = seconds * 1000;
  try {
    const made = signCountersignV1.prepare({
      message,
      accessKey,
      time,
      nonce,
      body,
      signedHeaders,
    });
    return { ...made, stringToSign: `${made.stringToSign}`, message, fields, signedHeaders };
  } catch (error) {
    // What cannot be signed is refused, which is one way of not forging anything.
    expect(error).toBeInstanceOf(SignatureError);
    return undefined;
  }
}

describe('the string to sign', () => {
  it('can be read back: no value makes a line, or stands for another', () => {
    let read = 0;
    fc.assert(
      fc.property(input, (given) => {
        const made = prepared(given);
        if (!made) return;
        read += 1;
        const [first, accessKey, timestamp, nonce, method, authority, target, type, payload, ...rest] =
          made.stringToSign.split('\n');
        expect(first).toBe('countersign-v1-request');
        expect({ accessKey, timestamp, nonce }).toEqual({
          accessKey: given.accessKey,
          timestamp: String(given.seconds),
          nonce: given.nonce,
        });
        expect({ method, authority, target }).toEqual({
          method: made.message.method,
          authority: made.message.authority,
          target: made.message.target,
        });
        expect(type).toBe((given.contentType ?? '').trim());
        const { body } = given;
        const digest = body.kind === 'digest' ? `sha-256=:${Buffer.from(body.sha256).toString('base64')}:` : '';
        expect(payload).toBe(body.kind === 'unsigned' ? 'unsigned' : digest);
        expect(rest.map((line) => line.slice(0, line.indexOf(':')))).toEqual(made.signedHeaders);
        expect(rest.map((line) => line.slice(line.indexOf(':') + 1))).toEqual(
          made.signedHeaders.map((name) => (given.headers[name] ?? '').trim()),
        );
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('is what a verifier makes of the headers that the signer adds', () => {
    fc.assert(
      fc.property(input, fc.uint8Array({ minLength: 32, maxLength: 32 }), (given, signature) => {
        const made = prepared(given);
        // A verifier refuses an empty Content-Type, which is signed as an absent one.
        if (!made || given.contentType?.trim() === '') return;
        const added = Object.entries(made.headers(signature)).map(
          ([name, value]) => [name.toLowerCase(), value] as const,
        );
        const fields = new Map([...made.fields, ...added]);
        const presented = readCountersignV1({ ...made.message, headers: { get: (name) => at(fields, name) } });
        expect(presented.stringToSign).toBe(made.stringToSign);
        expect(presented).toMatchObject({
          accessKey: given.accessKey,
          time: given.seconds * 1000,
          nonce: given.nonce,
          body: { kind: given.body.kind },
        });
        expect(presented.signatures.map(hex)).toEqual([hex(signature)]);
      }),
      { numRuns: 3000 },
    );
  });

  it('never begins as that of a response', () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 200, max: 599 }), (given, status) => {
        const response = countersignV1Response.prepare({
          request: toMessage({ method: 'GET', url: 'https://example.com/' }, { get: () => given.nonce }),
          accessKey: given.accessKey,
          time: given.seconds * 1000,
          status,
          headers: new Headers({ 'content-type': 'text/plain' }),
          body: new Uint8Array(),
          sha256: undefined,
        });
        const first = (line: string | undefined) => line?.split('\n')[0];
        expect(first(prepared(given)?.stringToSign)).not.toBe(first(`${response.stringToSign}`));
      }),
    );
  });
});

const at = (fields: ReadonlyMap<string, string>, name: string) => fields.get(name.toLowerCase()) ?? null;
