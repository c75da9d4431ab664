import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Scheme } from 'countersign';
import { explainSignature, type SignatureExplanation } from 'countersign/explain';
import { defineScheme, githubWebhooks } from 'countersign/schemes';
import { memoryKeys } from 'countersign/server';
import { describe, expect, it, vi } from 'vitest';
import { headerView } from '../../src/node/received.ts';
import { codesOf, explain, noon, secret } from './partner.ts';

vi.setConfig({ testTimeout: 120_000 });

const mebibyte = 2 ** 20;
const leftOut = ({ leftOut: all }: SignatureExplanation): readonly string[] => all.map(({ code }) => code);
/** A body that is not the one that is signed: for countersign-v1, whose string holds a digest. */
const replacedBy = (body: string | Uint8Array) => explain({ partner: { body: 'another' }, received: { body } });

const bare = defineScheme(githubWebhooks);

/** What a scheme whose string to sign is the body is asked to read and to verify, in bytes. */
async function webhook(body: Uint8Array): Promise<{ explanation: SignatureExplanation; bytes: number }> {
  let bytes = 0;
  const scheme: Scheme = {
    ...bare,
    read(message) {
      const presented = bare.read(message);
      const { stringToSign } = presented;
      if (typeof stringToSign !== 'function') throw new Error('The string to sign is not made of the body.');
      const counted = (given: Uint8Array) => {
        bytes += given.length;
        return stringToSign(given);
      };
      return { ...presented, stringToSign: counted };
    },
    createKey(given) {
      const key = bare.createKey(given);
      const verify: typeof key.verify = (data, signature) => {
        bytes += data.length;
        return key.verify(data, signature);
      };
      return { ...key, verify };
    },
  };
  const headers = headerView(['host', 'shop.example.com', 'x-hub-signature-256', `sha256=${'ab'.repeat(32)}`]);
  const request = {
    method: 'POST',
    authority: 'shop.example.com',
    target: '/',
    scheme: 'https',
    headers,
    body,
  } as const;
  const keys = memoryKeys([{ accessKey: scheme.name, service: 'shop', secrets: [{ secret }] }]);
  const explanation = await explainSignature(request, { keys, scheme, clock: () => noon, maxBodyBytes: 2 ** 24 });
  return { explanation, bytes };
}

const depth = 100_000;
const nested: Array<[string, string]> = [
  ['arrays', `${'['.repeat(depth)}${']'.repeat(depth)}`],
  ['objects', `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
  ['arrays in objects', `${'[{"a\\"[":'.repeat(depth / 2)}null${'}]'.repeat(depth / 2)}`],
];

describe('reads JSON that is nested deep', () => {
  it.each(nested)('%s, by a digest', async (_, body) => {
    const explanation = await replacedBy(body);
    expect(codesOf(explanation)).toEqual(['body-replaced']);
    expect(leftOut(explanation)).toEqual(['json-depth']);
  });

  it.each(nested)('%s, in the string to sign', async (_, body) => {
    const { explanation } = await webhook(new TextEncoder().encode(body));
    expect(codesOf(explanation)).toEqual([]);
    expect(leftOut(explanation)).toContain('json-depth');
  });

  const within = (levels: number) => `${'[1,'.repeat(levels)}2${']'.repeat(levels)}`;
  const spaced = (levels: number) => within(levels).replaceAll(',', ', ');
  it.each([[512, ['body-serialised'], []] as const, [513, ['body-replaced'], ['json-depth']] as const])(
    'to %i levels',
    async (levels, codes, without) => {
      const explanation = await explain({ partner: { body: spaced(levels) }, received: { body: within(levels) } });
      expect(codesOf(explanation)).toEqual(codes);
      expect(leftOut(explanation)).toEqual(without);
    },
  );

  it('counts no bracket in a string, also behind an escaped quote', async () => {
    const text = `{"a":"${'[{'.repeat(2000)}\\"${'['.repeat(2000)}\\\\","b":1}`;
    const explanation = await explain({
      partner: { body: text.replace('":"', '": "').replace(',"b":', ', "b": ') },
      received: { body: text },
    });
    expect(codesOf(explanation)).toEqual(['body-serialised']);
    expect(leftOut(explanation)).toEqual([]);
  });
});

const filled = (part: string, bytes: number) => part.repeat(Math.ceil(bytes / part.length)).slice(0, bytes);
const kinds: ReadonlyArray<[string, (bytes: number) => Uint8Array]> = (
  [
    ['numbers', (bytes: number) => `[${filled('1,', bytes - 4)}12]`],
    ['objects', (bytes: number) => `[${'{"b":1,"a":"é/<"},'.repeat(bytes / 20)}1]`],
    [
      'names',
      (bytes: number) => `{${Array.from({ length: bytes / 16 }, (_, i) => `"${i}x":"\u2028",`).join('')}"z":1}`,
    ],
    ['one string', (bytes: number) => `"${filled('\\u0041[', bytes - 2 - 7).replace(/\\[^[]*$/, '')}"`],
    ['a form', (bytes: number) => `a=${filled('%20+b&c=', bytes - 2)}`],
    ['line breaks', (bytes: number) => filled('\r\n', bytes)],
    ['white space', (bytes: number) => `x${filled(' \t', bytes - 2)}x`],
    ['base64', (bytes: number) => filled('QUJD', bytes)],
    ['marks', (bytes: number) => filled('e\u0301', bytes / 2)],
  ] as const
).map(([name, text]) => [name, (bytes) => new TextEncoder().encode(text(bytes)).slice(0, bytes)]);
const all = [...kinds, ['random bytes', (bytes: number) => new Uint8Array(randomBytes(bytes))] as const];

/** Kinds that are also tried at 10 MiB. */
const large = ['numbers', 'one string', 'random bytes'];

/** What one explanation may read, make and hash, in bytes. */
const budget = 2e8;

describe.each(all)('spends no more on a body of %s', (name, made) => {
  it.each(large.includes(name) ? [1, 10] : [1])('of %i MiB in the string to sign', async (count) => {
    const body = made(count * mebibyte);
    const { explanation, bytes } = await webhook(body);
    expect(codesOf(explanation)).toEqual([]);
    expect(leftOut(explanation)).toContain('combinations');
    // Verdict, reading and stages come before the search, and the last step may go over.
    expect(bytes).toBeLessThan(budget + 8 * body.length);
  });

  it('of 1 MiB by its digest than three hundred hashes of it', async () => {
    const body = made(mebibyte);
    const start = performance.now();
    for (let i = 0; i < 5; i++) sha256(body);
    const hashing = (performance.now() - start) / 5;
    const begin = performance.now();
    const explanation = await replacedBy(body);
    expect((performance.now() - begin) / hashing).toBeLessThan(300);
    expect(codesOf(explanation)).toEqual(['body-replaced']);
  });
});

it('says that nothing is made of a body above 1 MiB', async () => {
  expect(leftOut(await replacedBy(new Uint8Array(mebibyte + 1)))).toEqual(['body-size']);
});

it('finds another body under a signature that fits, though the search for a signature ends first', async () => {
  const partner = { secret: 'an unknown secret', body: '{"a": 1}' };
  const explanation = await explain({ partner, received: { body: '{"a":1}' } });
  expect(codesOf(explanation)).toEqual(['body-serialised']);
  expect(leftOut(explanation)).toEqual(['combinations-of-three']);
});

it('leaves nothing out where the signature verifies, or the cause is found', async () => {
  expect(leftOut(await explain({}))).toEqual([]);
  expect(leftOut(await explain({ partner: { method: 'post' } }))).toEqual([]);
});

it('tries no combinations for a key that is not known: none could be proven', async () => {
  const explanation = await explain({ partner: { accessKey: 'partner-9', secret: 'an unknown secret' } });
  expect(codesOf(explanation)).toEqual(['access-key']);
  expect(leftOut(explanation)).toEqual([]);
});

it.each([
  [512, 523_775],
  [500, 500_000],
  [500, 50_000],
])(
  'is given no indented form of JSON that would be hundreds of times as large: %i levels of %i numbers',
  async (depth, count) => {
    const body = `${'['.repeat(depth)}${'1,'.repeat(count - 1)}1${']'.repeat(depth)}`.slice(0, mebibyte);
    const before = process.memoryUsage().rss;
    const explanation = await replacedBy(body);
    expect(leftOut(explanation)).toContain('body-forms');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * mebibyte);
  },
);
