import type { Pairs } from './format.ts';
import { accepted } from './honest-cases.ts';
import type { SignDraft } from './oracle.ts';
import { add, all, json, set, type VerifyDraft } from './verify-draft.ts';

/** Each modifier of a request, and a value that it may have. */
const modifiers: Pairs = [
  ['Content-Encoding', 'gzip'],
  ['Content-Range', 'bytes 0-12/26'],
  ['Idempotency-Key', '8e03978e'],
  ['If-Match', '"a"'],
  ['If-Modified-Since', 'Wed, 31 Dec 2025 00:00:00 GMT'],
  ['If-None-Match', '*'],
  ['If-Range', '"a"'],
  ['If-Unmodified-Since', 'Wed, 31 Dec 2025 00:00:00 GMT'],
  ['Range', 'bytes=0-99'],
];

const modified = (method: string, pairs: Pairs): Partial<SignDraft> => {
  const lines = pairs.map(([name, value]) => `${name.toLowerCase()}:${value}`);
  const names = lines.map((line) => line.split(':')[0]).join(';');
  return { method, headers: pairs, expect: { lines, names } };
};

/** What a signer signs though nobody has named it. */
export const signedModifiers: readonly SignDraft[] = [
  ...modifiers.map(
    ([name, value]): SignDraft => ({
      ...modified('PUT', [[name, value]]),
      name: `modifier-${name.toLowerCase()}`,
      rule: 'Signed wherever a request has it.',
    }),
  ),
  {
    ...modified('PATCH', modifiers),
    name: 'modifiers-all',
    rule: 'All at once, in the order of their names.',
  },
  {
    name: 'modifiers-and-named-headers',
    rule: 'Sorted together with the headers that the caller names, each once.',
    signedHeaders: ['x-a', 'range', 'accept'],
    headers: [
      ['X-A', '1'],
      ['Range', 'bytes=0-99'],
      ['If-Range', '"a"'],
      ['Accept', 'text/plain'],
    ],
    expect: {
      lines: ['accept:text/plain', 'if-range:"a"', 'range:bytes=0-99', 'x-a:1'],
      names: 'accept;if-range;range;x-a',
    },
  },
  {
    name: 'modifier-empty',
    rule: 'An empty value is not an absent one.',
    headers: [['If-Match', '']],
    expect: { lines: ['if-match:'], names: 'if-match' },
  },
];

const refused = (name: string, code: string, rule: string, draft: Partial<VerifyDraft>): VerifyDraft => ({
  name,
  rule,
  code,
  ...draft,
});
const byCaches = ['If-Modified-Since', 'If-None-Match'];

/** What somebody on the way does to them. */
export const forgedModifiers: readonly VerifyDraft[] = [
  ...modifiers.flatMap(([name, value]): readonly VerifyDraft[] => {
    const lower = name.toLowerCase();
    const from = modified('PUT', [[name, value]]);
    return [
      accepted(`modifier-${lower}`, 'As it was signed.', { from }),
      refused(`missing-modifier-${lower}`, 'missing_header', 'It was signed, and is gone.', {
        from,
        change: set(name, undefined),
      }),
      refused(`unsigned-modifier-${lower}`, 'insufficient_coverage', 'It was added on the way.', {
        from: { method: 'PUT' },
        change: add(name, value),
      }),
      refused(`mismatch-modifier-${lower}`, 'signature_mismatch', 'It is another.', { from, change: set(name, 'x') }),
      refused(`mismatch-modifier-named-${lower}`, 'signature_mismatch', 'It was added on the way, and named.', {
        from: { method: 'PUT' },
        change: all(add(name, value), add('X-API-Signed-Headers', lower)),
      }),
      byCaches.includes(name)
        ? accepted(`unsigned-modifier-${lower}-get`, 'Caches of browsers add it to a GET.', {
            change: add(name, value),
          })
        : refused(`unsigned-modifier-${lower}-get`, 'insufficient_coverage', 'It was added on the way.', {
            change: add(name, value),
          }),
    ];
  }),
  accepted('unsigned-modifier-head', 'Caches of browsers add it to a HEAD.', {
    from: { method: 'HEAD' },
    change: add('If-None-Match', '"a"'),
  }),
  refused('unsigned-modifier-identity', 'insufficient_coverage', 'Also where it says that there is no coding.', {
    from: json,
    change: add('Content-Encoding', 'identity'),
  }),
  refused('missing-modifier-get', 'missing_header', 'What was signed stays signed, also on a GET.', {
    from: modified('GET', [['If-None-Match', '"a"']]),
    change: set('If-None-Match', undefined),
  }),
];
