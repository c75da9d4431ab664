import { defineScheme, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noon } from '../../../server/rig.ts';
import { accessKey, nonce } from '../rig.ts';
import { signing } from './definitions.ts';

const values = ['{method}', '{path}', '{query}', '{body}', '{header.x-a}', '{nonce}', '{timestamp}', '{target|lower}'];
const separators = ['', '', '\n', ' ', 'a', '/', '?', '=', '\na'];

/** Templates of all of these in any order, with any of the separators between; some in brackets. */
const definitions: fc.Arbitrary<SchemeDefinition> = fc
  .record({
    order: fc.shuffledSubarray(values, { minLength: 3 }),
    between: fc.array(fc.constantFrom(...separators), { minLength: values.length, maxLength: values.length }),
    optional: fc.constantFrom('', '{query}', '{body}', '{header.x-a}'),
  })
  .map(({ order, between, optional }) => {
    const parts = order.map((value, i) => {
      const text = `${between[i] ?? ''}${value}`;
      return value === optional ? `[${text}]` : text;
    });
    return signing(parts.join(''));
  });

const texts = ['', 'a', '/', ' ', '\n', '=', 'aa', '\na', 'a=a', '/a', '?a'];
const fits = (pattern: RegExp) => texts.filter((text) => pattern.test(text));
const requests = ['A', 'AA'].flatMap((method) =>
  ['/', '/a', '/aa', '//', '/a/a', '/a=a'].flatMap((path) =>
    fits(/^[^\s]*$/).flatMap((query) =>
      texts.flatMap((body) => fits(/^(?!\s)[^\n]*$/).map((header) => ({ method, path, query, body, header }))),
    ),
  ),
);

type Described = (typeof requests)[number];

const told: Readonly<Record<string, (request: Described) => string>> = {
  '{method}': ({ method }) => method,
  '{path}': ({ path }) => path,
  '{query}': ({ query }) => query,
  '{body}': ({ body }) => body,
  '{header.x-a}': ({ header }) => header,
  '{target|lower}': ({ path, query }) => `${path}?${query}`,
};

it('finds every template with which two of thousands of requests have one string to sign', () => {
  let clean = 0;
  fc.assert(
    fc.property(definitions, (definition) => {
      const codes = lintScheme(definition).map(({ code }) => code);
      const open = codes.includes('adjacent-values') || codes.includes('ambiguous-separator');
      if (open) return;
      clean += 1;
      expect(collisionOf(definition)).toBeUndefined();
    }),
    { numRuns: 80 },
  );
  // A sixth of them, by chance more or fewer.
  expect(clean).toBeGreaterThan(0);
});

/** Two requests that differ in what is signed, and have one string to sign. */
function collisionOf(definition: SchemeDefinition): readonly Described[] | undefined {
  const scheme = defineScheme(definition);
  const signed = Object.entries(told).filter(([value]) => definition.stringToSign.includes(value));
  const seen = new Map<string, { readonly request: Described; readonly what: string }>();
  for (const request of requests) {
    const text = stringToSignOf(scheme, request);
    const what = JSON.stringify(signed.map(([, of]) => of(request)));
    const other = seen.get(text);
    if (other && other.what !== what) return [other.request, request];
    seen.set(text, { request, what });
  }
  return undefined;
}

function stringToSignOf(scheme: ReturnType<typeof defineScheme>, described: Described): string {
  const { method, path, query, body, header } = described;
  const target = query ? `${path}?${query}` : path;
  const bytes = new TextEncoder().encode(body);
  const { stringToSign } = scheme.prepare({
    message: {
      method,
      scheme: 'https',
      authority: 'a',
      target,
      rawTarget: target,
      headers: { get: (name) => (name === 'x-a' ? header : null) },
    },
    accessKey,
    time: noon,
    nonce,
    body: body ? { kind: 'bytes', bytes } : { kind: 'none' },
    signedHeaders: [],
  });
  return typeof stringToSign === 'string' ? stringToSign : new TextDecoder().decode(stringToSign);
}
