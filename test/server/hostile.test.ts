import { createSigner } from 'countersign';
import type { ReceivedRequest } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { set } from './honest.ts';
import { judge, noon, outcomeOf, received, rig, signedParts } from './rig.ts';

describe('a number in a header', () => {
  const now = noon / 1000;
  it.each([
    'NaN',
    'Infinity',
    '-Infinity',
    '1e9',
    '1E9',
    '+5',
    '-1',
    '-0',
    '0x10',
    '0b1',
    '0o7',
    '1.5',
    '1_000',
    '1,000',
    '',
    ' ',
    '\t',
    'null',
    'undefined',
    'true',
    '[object Object]',
    `${now}0000`,
    `0${'0'.repeat(12)}`,
    `${now} `,
    ` ${now}`,
    `${now}\t`,
    `\n${now}`,
    `${now}\n`,
    `${now}\r\n`,
    `${now}.0`,
    `${now}n`,
    `${now}junk`,
    `+${now}`,
    `-${now}`,
    `${now}, ${now}`,
    `${now};`,
    `"${now}"`,
    '\uff11\uff12',
    '\u0661\u0662',
    '\u00b2',
    '\u2460',
    '\ud835\udfce',
    `${now}\u00a0`,
    `\ufeff${now}`,
    `${now}\u200b`,
    `${now}\0`,
  ])('%j is no timestamp', async (timestamp) => {
    const { signer, verifier, events } = rig();
    expect(await judge(verifier, set(signedParts(signer), { 'x-api-timestamp': timestamp }))).toBe('malformed_field');
    expect(events.map(({ code }) => code)).toEqual(['malformed_field']);
  });

  it.each(['0', '1', '000000000000', '999999999999'])('%s is one, but not of this request', async (timestamp) => {
    const { signer, verifier } = rig();
    expect(await judge(verifier, set(signedParts(signer), { 'x-api-timestamp': timestamp }))).toBe(
      'signature_mismatch',
    );
  });
});

describe('a header name', () => {
  it.each(['__proto__', 'constructor', 'tostring', 'hasownproperty', 'valueof', '__definegetter__'])(
    'like %s is a name like any other, over Headers and over a plain object',
    async (name) => {
      const { signer, verifier } = rig();
      const parts = set(signedParts(signer), { 'x-api-signed-headers': name });
      const plain: Record<string, string> = { ...parts.headers };
      const views: ReceivedRequest['headers'][] = [
        new Headers(parts.headers),
        // As an adapter might do it, badly.
        { get: (one) => plain[one] ?? null },
        { get: (one) => (({}) as Record<string, string>)[one] ?? plain[one] ?? null },
      ];
      for (const headers of views) {
        const code = outcomeOf(await verifier.verify({ ...received(parts), headers }));
        expect(['missing_header', 'malformed_field']).toContain(code);
      }
    },
  );

  it('may come from a Map, whose get says undefined', async () => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer);
    const headers = new Map(Object.entries(parts.headers)) as unknown as ReceivedRequest['headers'];
    expect(outcomeOf(await verifier.verify({ ...received(parts), headers }))).toBe('ok');
    const none = new Map() as unknown as ReceivedRequest['headers'];
    expect(outcomeOf(await verifier.verify({ ...received(parts), headers: none }))).toBe('missing_signature');
  });

  it.each([
    ['64 are signed', 64, 'ok'],
    ['65 are refused', 65, 'malformed_field'],
    ['10000 are refused', 10_000, 'malformed_field'],
  ])('list: %s', async (_, count, code) => {
    const names = Array.from({ length: count }, (__, i) => `h${String(i).padStart(5, '0')}`);
    const { verifier, accessKey, secret } = rig();
    const headers = Object.fromEntries(names.map((name) => [name, 'x']));
    const signer = createSigner({ accessKey, secret, clock: () => noon, signedHeaders: names });
    expect(await judge(verifier, signedParts(signer, { headers }))).toBe(code);
  });

  it('cannot have a megabyte', async () => {
    const { signer, verifier } = rig();
    for (const name of ['x'.repeat(2 ** 20), 'a;'.repeat(2 ** 19), ';'.repeat(2 ** 20), 'x'.repeat(129)]) {
      expect(await judge(verifier, set(signedParts(signer), { 'x-api-signed-headers': name }))).toBe('malformed_field');
    }
  });
});

describe('a megabyte', () => {
  const mebibyte = 2 ** 20;
  it.each(['x-api-key', 'x-api-timestamp', 'x-api-nonce', 'x-api-signature', 'x-api-payload', 'content-digest'])(
    'in %s is refused as malformed',
    async (name) => {
      const { signer, verifier } = rig();
      for (const character of ['1', 'a', ' ', 'v1=', ', ', '\u{1f600}']) {
        const value = character.repeat(mebibyte / character.length);
        expect(await judge(verifier, set(signedParts(signer), { [name]: value }))).toBe('malformed_field');
      }
    },
  );

  it('in an unsigned header, a cookie or the path is no reason to fail', async () => {
    const { signer, verifier, events } = rig();
    const long = 'x'.repeat(mebibyte);
    expect(await judge(verifier, set(signedParts(signer), { cookie: long, 'x-other': long }))).toBe('ok');
    expect(await judge(verifier, signedParts(signer, { target: `/${long}?${long}` }))).toBe('ok');
    expect(events[1]?.path?.length).toBeLessThan(2100);
  });

  it('of signed text is signed', async () => {
    const { signer, verifier } = rig();
    const headers = { 'content-type': `text/plain;${' '.repeat(mebibyte)}x` };
    expect(await judge(verifier, signedParts(signer, { headers }))).toBe('ok');
  });
});

const field = fc.constantFrom(
  'x-api-key',
  'x-api-timestamp',
  'x-api-nonce',
  'x-api-signature',
  'x-api-payload',
  'x-api-signed-headers',
  'content-digest',
  'content-type',
  'content-length',
  'host',
  '__proto__',
  'constructor',
  'x-tenant',
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '\0', '\n', '\r', 'a', ';', ',', '%', '1') }),
  fc.constantFrom(
    '',
    'unsigned',
    'a',
    '1',
    'a'.repeat(16),
    `v1=${'0'.repeat(64)}`,
    `sha-256=:${'A'.repeat(43)}=:`,
    'a;b',
    'constructor',
    '__proto__',
    String(noon / 1000),
  ),
);
const anyBody = fc.constantFrom<unknown>(
  undefined,
  null,
  '',
  'text',
  5,
  {},
  [],
  new Uint8Array(),
  new Uint8Array([1]),
  new Date(0),
);

describe('whatever comes', () => {
  it('verify answers, says no, and writes one audit event', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(field, text, { noNullPrototype: false }),
        fc.record({
          method: text,
          authority: text,
          target: text,
          body: anyBody,
          scheme: fc.constantFrom('http', 'https'),
        }),
        async (headers, rest) => {
          const { verifier, events, claimed } = rig();
          const request = { ...rest, headers: { get: (name: string) => headers[name] ?? null } } as ReceivedRequest;
          const result = await verifier.verify(request);
          expect(result.ok).toBe(false);
          expect(events).toHaveLength(1);
          expect(events[0]?.outcome).toBe('refused');
          expect(events[0]?.code).toBe(outcomeOf(result));
          expect(outcomeOf(result)).not.toBe('internal_error');
          expect(claimed).toEqual([]);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('put into an honest request, it is refused or changes nothing; never an internal error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, text, { maxKeys: 2 }), anyBody, async (headers, body) => {
        const { verifier, events, signer } = rig();
        const parts = set(signedParts(signer, { method: 'POST', body: 'x' }), headers);
        const result = await verifier.verify({ ...received(parts), ...(body !== null && { body }) } as ReceivedRequest);
        expect(events).toHaveLength(1);
        expect(outcomeOf(result)).not.toBe('internal_error');
      }),
      { numRuns: 1000 },
    );
  });

  it('as a web Request, too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(field, text),
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        async (given, url) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(given)) {
            try {
              headers.append(name, value);
            } catch {
              // No runtime would hand in such a header.
            }
          }
          const { verifier, events } = rig();
          const result = await verifier.verify(new Request(url, { headers }));
          expect(result.ok).toBe(false);
          expect(outcomeOf(result)).not.toBe('internal_error');
          expect(events).toHaveLength(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
