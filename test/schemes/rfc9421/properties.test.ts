import { SignatureError } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toMessage } from '../../../src/core/message.ts';
import type { SignedBody } from '../../../src/core/scheme.ts';
import { canonicaliseDictionary } from '../../../src/schemes/structured-fields.ts';

const few = (characters: string, maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
// Few characters, and among them all that could end a line or pass for another.
const value = few('a":; ,=\\', 4);
const described = fc.record({
  accessKey: few('k1.~_-', 2, 1),
  seconds: fc.constantFrom(0, 1, 10, 1767225600),
  nonce: few('n"\\;=:', 2, 1),
  method: fc.constantFrom('GET', 'POST', 'X'),
  url: fc.constantFrom('https://a.example/', 'https://a.example/a', 'http://a.example:81/a?b', 'https://a.example/?b'),
  contentType: fc.option(value),
  headers: fc.record({ 'x-a': value, 'x-b': value }),
  signed: fc.constantFrom<string[]>([], ['x-a'], ['x-b'], ['x-a', 'x-b'], ['x-b', 'x-a']),
  sha256: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32, max: 1 })),
});
type Described = typeof described extends fc.Arbitrary<infer Value> ? Value : never;

const scheme = rfc9421();

function prepared({ accessKey, seconds, nonce, method, url, contentType, headers, signed, sha256 }: Described) {
  const fields = new Headers({ ...headers, ...(contentType !== null && { 'content-type': contentType }) });
  const body: SignedBody = sha256 ? { kind: 'digest', sha256 } : { kind: 'none' };
  const message = toMessage({ method, url }, fields);
  const made = scheme.prepare({ message, accessKey, time: seconds * 1000, nonce, body, signedHeaders: signed });
  return { made, message, fields };
}

it('reads what was signed, to the byte', () => {
  fc.assert(
    fc.property(described, fc.uint8Array({ minLength: 1, maxLength: 64 }), (input, signature) => {
      const { made, message, fields } = prepared(input);
      for (const [name, text] of Object.entries(made.headers(signature))) fields.set(name, text);
      const read = scheme.read({ ...message, headers: fields });
      expect(read.stringToSign).toBe(made.stringToSign);
      expect(read).toMatchObject({ accessKey: input.accessKey, time: input.seconds * 1000, nonce: input.nonce });
      expect(read.signatures).toEqual([signature]);
      expect(read.body.kind).toBe(input.sha256 ? 'digest' : 'none');
    }),
  );
});

it('has one base for one message, and for no two', () => {
  // What is covered, and in which order: the rest may differ.
  const essence = ({ headers, signed, contentType, sha256, ...rest }: Described) =>
    JSON.stringify([
      rest,
      contentType?.trim() ?? null,
      signed.map((name) => [name, headers[name as 'x-a'].trim()]),
      sha256 && [...sha256],
    ]);
  const mutated = described.chain((first) =>
    fc.tuple(
      fc.constant(first),
      fc.record({ ...Object.fromEntries(Object.keys(first).map((key) => [key, fc.boolean()])) }),
      described,
    ),
  );
  fc.assert(
    fc.property(mutated, ([first, which, other]) => {
      const second = Object.fromEntries(
        Object.entries(first).map(([key, given]) => [key, which[key] ? given : other[key as keyof Described]]),
      ) as Described;
      const same = prepared(first).made.stringToSign === prepared(second).made.stringToSign;
      expect(same).toBe(essence(first) === essence(second));
    }),
    { numRuns: 500 },
  );
});

const grammar = fc
  .array(
    fc.constantFrom(
      'sig1',
      '=',
      '(',
      ')',
      '"@method"',
      '"a"',
      ';',
      'created',
      '1',
      ':',
      'AAAA',
      ',',
      ' ',
      '\t',
      '"',
      '\\',
      '?1',
      '@',
      '%"',
      '-',
      '.',
      '*',
      'é',
      '\n',
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

it('refuses with a SignatureError whatever the fields hold', () => {
  fc.assert(
    fc.property(grammar, grammar, fc.option(grammar), (input, signature, digest) => {
      const values = new Map([
        ['signature-input', input],
        ['signature', signature],
        ['content-digest', digest ?? ''],
      ]);
      const headers = { get: (name: string) => values.get(name.toLowerCase()) ?? null };
      const message = toMessage({ method: 'GET', url: 'https://a.example/' }, headers);
      for (const run of [
        () => scheme.read(message),
        () => rfc9421({ components: ['a'], nonce: false }).read(message),
      ]) {
        expect(run).toThrow(SignatureError);
      }
      const answer = { status: 200, headers, request: message };
      expect(scheme.response?.read(answer)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

it('parses a dictionary only in the form in which it is serialised, and each name once', () => {
  fc.assert(
    fc.property(grammar, (text) => {
      let members: ReturnType<typeof canonicaliseDictionary>;
      try {
        members = canonicaliseDictionary('X', text);
      } catch (error) {
        expect(error).toBeInstanceOf(SignatureError);
        return;
      }
      const again = [...members].map(([name, { text }]) =>
        text.startsWith('?1') ? name + text.slice(2) : `${name}=${text}`,
      );
      expect(again.join(',').replace(/[ \t]/g, '')).toBe(text.replace(/[ \t]/g, ''));
    }),
    { numRuns: 1000 },
  );
});
