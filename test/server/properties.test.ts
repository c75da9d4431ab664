import { createSigner } from 'countersign';
import { countersignV1 } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapePercents, normaliseTarget } from '../../src/core/address.ts';
import type { Message } from '../../src/core/message.ts';
import type { SignatureInput } from '../../src/core/scheme.ts';
import { outcomeOf, type Parts, received, rig, signedParts } from './rig.ts';

// Few characters, chosen so that one value can end the way another begins.
const value = fc.string({ unit: fc.constantFrom('a', ':', ';', ',', ' ', '=', '"', '/', '~'), maxLength: 6 });
const names = fc.subarray(['a', 'a.b', 'b', 'content-encoding', 'x-a', 'x-a-b']);
const path = fc
  .array(fc.constantFrom('/', 'a', 'b', '%2F', '%', '?', '&', '=', '+', '%20', ' ', 'é', '~', '%7E', '.'), {
    maxLength: 8,
  })
  .map((parts) => `/${parts.join('')}`);
const body = fc.oneof(
  fc.constant<SignatureInput['body']>({ kind: 'none' }),
  fc.constant<SignatureInput['body']>({ kind: 'unsigned' }),
  fc
    .constantFrom(1, 2)
    .map((byte): SignatureInput['body'] => ({ kind: 'digest', sha256: new Uint8Array(32).fill(byte) })),
);
const input = fc.record({
  method: fc.constantFrom('GET', 'POST', 'A'),
  authority: fc.constantFrom('a', 'a:8080', 'b.example'),
  target: path.map(normaliseTarget),
  type: fc.option(value),
  accessKey: fc.constantFrom('a', 'ab', '1'),
  seconds: fc.constantFrom(1, 10, 1_700_000_000),
  nonce: fc.constantFrom('a'.repeat(16), 'a'.repeat(17), '1'.repeat(16)),
  body,
  headers: names.chain((chosen) => fc.tuple(fc.constant(chosen), fc.array(value, { minLength: 6, maxLength: 6 }))),
});
type Input = typeof input extends fc.Arbitrary<infer Value> ? Value : never;

function prepared({ method, authority, target, type, accessKey, seconds, nonce, headers, ...rest }: Input) {
  const [signedHeaders, values] = headers;
  const fields = new Map(signedHeaders.map((name, i) => [name, values[i] ?? '']));
  if (type !== null) fields.set('content-type', type);
  const message: Message = {
    method,
    scheme: 'https',
    authority,
    target,
    rawTarget: target,
    headers: { get: (name) => fields.get(name) ?? null },
  };
  return countersignV1.prepare({ message, accessKey, nonce, time: seconds * 1000, signedHeaders, body: rest.body });
}

/** What a signature promises, with no two ways of saying the same: whitespace at the ends of a value is none of it. */
const meaning = ({ headers: [signed, values], type, body: payload, ...rest }: Input): string =>
  JSON.stringify({
    ...rest,
    type: type?.trim() ?? '',
    payload: payload.kind === 'digest' ? payload.sha256[0] : payload.kind,
    headers: signed.map((name, i) => [name, (values[i] ?? '').trim()]),
  });

describe('the string to sign', () => {
  it('is the same for two messages only where they mean the same', () => {
    fc.assert(
      fc.property(input, input, (one, two) => {
        expect(prepared(one).stringToSign === prepared(two).stringToSign).toBe(meaning(one) === meaning(two));
      }),
      { numRuns: 2000 },
    );
  });

  it('changes with each part, whatever the others are', () => {
    fc.assert(
      fc.property(input, input, fc.nat(8), (one, two, index) => {
        const keys = [
          'method',
          'authority',
          'target',
          'type',
          'accessKey',
          'seconds',
          'nonce',
          'body',
          'headers',
        ] as const;
        const key = keys[index] ?? 'method';
        const changed = { ...one, [key]: two[key] };
        expect(prepared(one).stringToSign === prepared(changed).stringToSign).toBe(meaning(one) === meaning(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('has a line for each part and no more, whatever a header holds', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('\r', '\n', '\0', '\u0085', '\u2028', '\u2029', 'a', ':', ' ', '\t', '\v', '\f'),
      }),
    );
    fc.assert(
      fc.property(anything, anything, (type, tenant) => {
        const fields = new Map([
          ['content-type', type],
          ['x-tenant', tenant],
        ]);
        const message = {
          method: 'GET',
          scheme: 'https' as const,
          authority: 'a',
          target: '/',
          rawTarget: '/',
          headers: { get: (name: string) => fields.get(name) ?? null },
        };
        const text = textOf(() =>
          countersignV1.prepare({
            message,
            accessKey: 'a',
            nonce: 'n'.repeat(16),
            time: 0,
            signedHeaders: ['x-tenant'],
            body: { kind: 'none' },
          }),
        );
        if (text === undefined) {
          expect(/[^\t -~]/.test(type + tenant)).toBe(true);
        } else {
          expect(text.split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(10);
          expect(text).toMatch(/^[\t\n -~]*$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  function textOf(prepare: () => { readonly stringToSign: string | Uint8Array }): string | undefined {
    try {
      return `${prepare().stringToSign}`;
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_request' });
      return undefined;
    }
  }
});

const ascii = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
});
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND'),
  // What the client leaves alone, because parts are sent as they are.
  target: fc
    .array(fc.constantFrom('a', 'Z', '%2f', '%7E', '%C3%A9', '&', '+', '=', '~', '*', '%'), { maxLength: 12 })
    .map((parts) => escapePercents(`/x${parts.join('')}?q${parts.reverse().join('')}`)),
  type: fc.option(
    fc.constantFrom('application/json', 'text/plain;charset=UTF-8', 'multipart/form-data; boundary="a b"'),
  ),
  tenant: ascii,
  bytes: fc.uint8Array({ maxLength: 40 }),
});

describe('an honest request', () => {
  it('is read as it was signed, accepted once, and never twice', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, type, tenant, bytes }) => {
        const { accessKey, secret, verifier, time } = rig();
        const signer = createSigner({ accessKey, secret, clock: () => time.now, signedHeaders: ['x-tenant'] });
        const headers = { 'x-tenant': tenant, ...(type && { 'content-type': type }) };
        const parts = signedParts(signer, { method, target, headers, body: new Uint8Array(bytes) });
        const result = await verifier.verify(received(parts));
        expect(outcomeOf(result)).toBe('ok');
        expect(result.ok && result.principal.accessKey).toBe(accessKey);
        expect(result.ok && Buffer.from(result.body ?? [])).toEqual(Buffer.from(bytes));
        expect(outcomeOf(await verifier.verify(received(parts)))).toBe('replayed_request');
      }),
      { numRuns: 200 },
    );
  });

  it('is refused once any character of it is changed', async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.nat(), fc.nat(), ascii, async (given, where, offset, text) => {
        const { accessKey, secret, verifier, time, claimed } = rig();
        const signer = createSigner({ accessKey, secret, clock: () => time.now, signedHeaders: ['x-tenant'] });
        const { method, target, type, tenant, bytes } = given;
        const headers = { 'x-tenant': `t${tenant}t`, ...(type && { 'content-type': type }) };
        const parts = signedParts(signer, { method, target, headers, body: new Uint8Array(bytes) });
        const forged = changedAt(parts, { where, offset, by: text[0] ?? '!' });
        fc.pre(forged !== undefined);
        if (forged) expect(outcomeOf(await verifier.verify(received(forged)))).not.toBe('ok');
        expect(claimed).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

type Change = { readonly where: number; readonly offset: number; readonly by: string };

/** The parts with one character of one of them replaced; undefined where that says the same. */
function changedAt(parts: Parts, change: Change): Parts | undefined {
  const places = [inMethod, inTarget, inAuthority, inBody, ...Object.keys(parts.headers).map(inHeader)];
  return places[change.where % places.length]?.(parts, change);
}

const replaced = (text: string, { offset, by }: Change) =>
  text.slice(0, offset % text.length) + by + text.slice((offset % text.length) + 1);

function inMethod(parts: Parts, change: Change): Parts | undefined {
  const method = replaced(parts.method, change);
  return method.toUpperCase() === parts.method ? undefined : { ...parts, method };
}

function inTarget(parts: Parts, change: Change): Parts | undefined {
  const target = replaced(parts.target, change);
  return normaliseTarget(target) === normaliseTarget(parts.target) ? undefined : { ...parts, target };
}

function inAuthority(parts: Parts, change: Change): Parts | undefined {
  const authority = replaced(parts.authority, change);
  return authority.toLowerCase() === parts.authority ? undefined : { ...parts, authority };
}

function inBody(parts: Parts, { where, offset }: Change): Parts | undefined {
  if (!(parts.body instanceof Uint8Array) || parts.body.length === 0) return undefined;
  const body = new Uint8Array(parts.body);
  body[offset % body.length] = (body[offset % body.length] ?? 0) ^ (1 + (where % 255));
  return { ...parts, body };
}

const inHeader =
  (name: string) =>
  (parts: Parts, change: Change): Parts | undefined => {
    const value = replaced(parts.headers[name] ?? '', change);
    return value === parts.headers[name] ? undefined : { ...parts, headers: { ...parts.headers, [name]: value } };
  };
