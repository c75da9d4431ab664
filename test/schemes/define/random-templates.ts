import type { SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';

/** What a string to sign consists of, each in several forms. */
const aspects: ReadonlyArray<readonly string[]> = [
  ['{method}'],
  ['{authority}', '{host}:{port}', '{url}'],
  ['{path}', '{target}', '{path|decode|rfc3986}', '{target|before:?}'],
  ['{query}', '{target}', '[?{query}]', '{query|sort}', '{query|default:-}'],
  [
    '{header.content-type|default:}',
    '[{header.content-type}]',
    '{header.content-type|default:none}',
    '{header.content-type|default:|trim}',
  ],
  ['{body|sha256|hex}', '[{body|sha256|base64}]', '{body|sha512|hex}', '{value.digest}'],
  ['{timestamp}', '{date}T{timestamp}'],
  ['{nonce}'],
  ['{accessKey}'],
];

/** What may be absent beside them, and what only some methods have. */
const extras: readonly string[] = [
  '{header.x-trace|default:}',
  '{header.x-trace}',
  '{value.trace}',
  '{signedHeaderLines}',
  '{body|only:POST,PUT|sha256|hex}',
  '{body|only:POST,PUT}',
];

const named = { trace: '[{header.x-trace}]', digest: '[{body|sha256|hex}]' };

type Group = {
  readonly at: number;
  readonly length: number;
  /** A filter of the value into which the lines are put; undefined for brackets around them. */
  readonly filter: string | undefined;
  readonly inBrackets: boolean;
};

const group: fc.Arbitrary<Group> = fc.record({
  at: fc.nat(7),
  length: fc.integer({ min: 1, max: 3 }),
  filter: fc.constantFrom('', '', '|sha256|hex', '|sha256|base64', '|lower', undefined),
  inBrackets: fc.boolean(),
});

type Template = { readonly lines: readonly string[]; readonly values: Readonly<Record<string, string>> };

// Puts some lines into a value of their own, or into brackets.
function groupLines({ lines, values }: Template, { at, length, filter, inBrackets }: Group): Template {
  const start = at % lines.length;
  const taken = lines.slice(start, start + length);
  const name = `v${Object.keys(values).length}`;
  const reference = `{value.${name}${filter ?? ''}}`;
  const one =
    filter === undefined
      ? `[${taken.map((line) => line.replace(/^\[|\]$/g, '')).join('\n')}]`
      : inBrackets
        ? `[${reference}]`
        : reference;
  return {
    lines: [...lines.slice(0, start), one, ...lines.slice(start + length)],
    values: filter === undefined ? values : { ...values, [name]: taken.join('\n') },
  };
}

const digest = /\{(?:body|value\.\w+)[^}]*\|sha\d+\|(?:hex|base64)\}/g;

type Carrying = Template & { readonly carry: ReadonlyArray<'not' | 'always' | 'in brackets'> };

function toDefinition({ lines, values, carry }: Carrying): SchemeDefinition {
  const all = [...lines, ...Object.values(values)].join('\n');
  const digests = [...new Set(all.match(digest))].flatMap((one, i) => {
    const how = carry[i] ?? 'not';
    return how === 'not' ? [] : [[`X-Digest-${i}`, how === 'always' ? one : `[${one}]`] as const];
  });
  const chooses = all.includes('signedHeader');
  return {
    name: 'random',
    values,
    ...(chooses && { signedHeaders: { separator: ';', line: '{name}:{value}\n' } }),
    stringToSign: lines.join('\n'),
    headers: {
      'X-Key': '{accessKey}',
      'X-Time': '{timestamp}',
      'X-Nonce': '{nonce}',
      'X-Signature': '{signature}',
      ...(chooses && { 'X-Signed': '[{signedHeaders}]' }),
      ...Object.fromEntries(digests),
    },
  };
}

/** Lines of which the last is beside one that may be absent, or that only some methods have. */
const lines = fc
  .record({
    chosen: fc.tuple(...aspects.map((forms) => fc.constantFrom(...forms))),
    extra: fc.constantFrom(...extras),
    form: fc.constantFrom(
      'alone' as const,
      'in brackets' as const,
      'in brackets with another' as const,
      'hashed' as const,
    ),
  })
  .chain(({ chosen, extra, form }) =>
    fc.shuffledSubarray(chosen, { minLength: chosen.length }).map((shuffled): Template => {
      const [beside = '', ...rest] = shuffled;
      const both = `${extra}\n${beside.replace(/^\[|\]$/g, '')}`;
      if (form === 'alone') return { lines: [extra, ...shuffled], values: named };
      if (form === 'in brackets') return { lines: [`[${extra}]`, ...shuffled], values: named };
      if (form === 'in brackets with another') return { lines: [`[${both}]`, ...rest], values: named };
      return { lines: ['{value.both|sha256|hex}', ...rest], values: { ...named, both } };
    }),
  );

/**
 * Definitions that sign all of a request in some form, with values within values, brackets around several, and digests that headers
 * carry. Some cannot be defined, and some have findings.
 */
export const randomTemplates: fc.Arbitrary<SchemeDefinition> = fc
  .record({
    template: lines,
    groups: fc.array(group, { maxLength: 2 }),
    carry: fc.array(fc.constantFrom('not' as const, 'always' as const, 'in brackets' as const), { maxLength: 4 }),
  })
  .map(({ template, groups, carry }) => toDefinition({ ...groups.reduce(groupLines, template), carry }));
