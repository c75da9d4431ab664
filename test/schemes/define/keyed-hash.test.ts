import { createHash } from 'node:crypto';
import { createSigner, prepareRequest, SignatureError } from 'countersign';
import { defineScheme, larkWebhooks, lintScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';

const secret = 'an encrypt key of 32 characters.';
const noon = Date.UTC(2026, 10, 22, 12);
const clock = () => noon;
const url = 'https://hooks.example.com/events';
const carried = { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Sign': '{signature}' };
const keyed: SchemeDefinition = {
  name: 'keyed',
  algorithm: 'sha256',
  stringToSign: '{timestamp}\n{target}\n{secret}\n{body}',
  headers: carried,
};

const sha = (algorithm: string, ...parts: ReadonlyArray<string | Uint8Array>) => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

function sign(
  definition: SchemeDefinition,
  init: RequestInit & { readonly body?: string },
  given: string | Uint8Array = secret,
) {
  const signer = createSigner({
    credentials: { accessKey: 'acme', secret: given },
    scheme: defineScheme(definition),
    clock,
  });
  return prepareRequest(signer, { method: 'POST', url, ...init } as Parameters<typeof prepareRequest>[1]);
}

async function judge(definition: SchemeDefinition, request: Request, own: string | Uint8Array = secret) {
  const scheme = defineScheme(definition);
  const verifier = createVerifier({
    scheme,
    keys: memoryKeys([{ accessKey: 'acme', service: 'shop', secrets: [{ secret: own }] }]),
    replay: memoryReplay({ clock }),
    clock,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
  });
  const result = await verifier.verify(request, { accessKey: 'acme' });
  return result.ok ? 'ok' : result.error.code;
}

const seconds = `${noon / 1000}`;

describe.each(['sha256', 'sha384', 'sha512', 'sha1', 'md5'] as const)('the keyed hash %s', (algorithm) => {
  it.each([
    { place: 'first', stringToSign: '{secret}{timestamp}\n{body}', parts: [secret, seconds, '\n', 'é{}'] },
    { place: 'between', stringToSign: '{timestamp}\n{secret}\n{body}', parts: [seconds, '\n', secret, '\n', 'é{}'] },
    {
      place: 'last, after the body',
      stringToSign: '{timestamp}\n{body}{secret}',
      parts: [seconds, '\n', 'é{}', secret],
    },
    { place: 'alone', stringToSign: '{secret}', parts: [secret] },
  ])('with the secret $place is the hash of the whole', async ({ stringToSign, parts }) => {
    const definition = { ...keyed, algorithm, stringToSign };
    const made = sign(definition, { body: 'é{}' });
    expect(made.headers['X-Sign']).toBe(sha(algorithm, ...parts));
    const sent = (headers: Record<string, string>, body = 'é{}') => new Request(url, { method: 'POST', headers, body });
    expect(await judge(definition, sent(made.headers))).toBe('ok');
    expect(await judge(definition, sent(made.headers), 'another key of 32 characters, no')).toBe('signature_mismatch');
    if (!stringToSign.includes('{body}')) return;
    expect(await judge(definition, sent(made.headers, 'é{} '))).toBe('signature_mismatch');
  });
});

it('hashes the bytes of a secret that is no text, and decodes one in base64', () => {
  const bytes = new Uint8Array(32).fill(255);
  const expected = sha('sha256', `${seconds}\n/events\n`, bytes, '\n{}');
  expect(sign(keyed, { body: '{}' }, bytes).headers['X-Sign']).toBe(expected);
  const encoded = Buffer.from(bytes).toString('base64');
  expect(sign({ ...keyed, secret: 'base64' }, { body: '{}' }, encoded).headers['X-Sign']).toBe(expected);
});

describe('the place of the secret', () => {
  it('is not moved by a value that looks like it', async () => {
    const definition = { ...keyed, stringToSign: '{timestamp}\n{header.x-note}{secret}{body}' };
    const headers = { 'x-note': 'a{secret}b' };
    const made = sign(definition, { body: 'c{secret}', headers });
    expect(made.headers['X-Sign']).toBe(sha('sha256', `${seconds}\na{secret}b`, secret, 'c{secret}'));
    // The same string as shown, with another boundary.
    const moved = { ...made.headers, 'x-note': 'a' };
    const request = new Request(url, { method: 'POST', headers: moved, body: 'b{secret}c{secret}' });
    expect(await judge(definition, request)).toBe('signature_mismatch');
  });

  it('is found behind a body that looks like it', async () => {
    const definition = { ...keyed, stringToSign: '{timestamp}\n{body}{secret}{header.x-note}' };
    const headers = { 'x-note': '{secret}é'.replace('é', 'e') };
    const made = sign(definition, { body: '{secret}ü', headers });
    expect(made.headers['X-Sign']).toBe(sha('sha256', `${seconds}\n{secret}ü`, secret, '{secret}e'));
    const request = new Request(url, { method: 'POST', headers: { ...headers, ...made.headers }, body: '{secret}ü' });
    expect(await judge(definition, request)).toBe('ok');
  });
});

describe('a definition is refused', () => {
  const message = (change: Partial<SchemeDefinition>): string => {
    try {
      defineScheme({ ...keyed, ...change });
      return 'accepted';
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  };

  it.each([
    [
      'without the secret',
      { stringToSign: '{timestamp}{body}' },
      /sha256 has no key: stringToSign must contain \{secret\}/,
    ],
    [
      'with the secret twice',
      { stringToSign: '{secret}{timestamp}{body}{secret}' },
      /character 26: \{secret\} must occur once/,
    ],
    ['with the secret in brackets', { stringToSign: '{timestamp}[{secret}{body}]' }, /cannot be in brackets/],
    ['with a filter of the secret', { stringToSign: '{timestamp}{secret|hex}{body}' }, /takes no filters/],
    [
      'with the secret in a value',
      { values: { a: '{secret}' }, stringToSign: '{value.a}{timestamp}' },
      /values\.a.*only for stringToSign/s,
    ],
    [
      'with the secret in a header',
      { headers: { ...carried, 'X-Leak': '{secret}' } },
      /headers\.X-Leak.*only for stringToSign/s,
    ],
    ['with the secret in the query', { query: { leak: '{secret}' } }, /query\.leak.*only for stringToSign/s],
    [
      'with the secret in a key',
      { algorithm: 'hmac-sha256', stringToSign: '{body}', key: { steps: ['{secret}'] } },
      /key\.steps\.0.*only for stringToSign/s,
    ],
    ['with the secret in an HMAC', { algorithm: 'hmac-sha256' }, /HMAC takes the secret as its key/],
    ['with a derived key', { key: { prefix: 'a', steps: ['{timestamp}'] } }, /derives no key/],
    ['with the body on both sides', { stringToSign: '{body}{secret}{timestamp}{body}' }, /on both sides/],
  ] as const)('%s', (_, change, expected) => {
    expect(message(change)).toMatch(expected);
  });

  it('not for a literal text that looks like the secret', () => {
    expect(message({ stringToSign: '{{secret}}{timestamp}{secret}{body}' })).toBe('accepted');
  });
});

it('a CryptoKey, which cannot be hashed, is refused', async () => {
  const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
  expect(() => createSigner({ credentials: { accessKey: 'acme', secret: key }, scheme: defineScheme(keyed) })).toThrow(
    /CryptoKey cannot be hashed/,
  );
});

describe('the finding keyed-hash', () => {
  const found = (change: Partial<SchemeDefinition>) =>
    lintScheme({ ...keyed, ...change })
      .filter(({ code }) => code === 'keyed-hash' || code === 'weak-hash')
      .map(({ severity, code }) => `${severity} ${code}`);

  it.each([
    [{}, ['high keyed-hash']],
    [{ algorithm: 'sha512' }, ['high keyed-hash']],
    [{ algorithm: 'sha384' }, ['medium keyed-hash']],
    [{ stringToSign: '{timestamp}\n{body}{secret}' }, ['medium keyed-hash']],
    [{ algorithm: 'sha1' }, ['high keyed-hash', 'medium weak-hash']],
    [{ algorithm: 'md5', stringToSign: '{timestamp}\n{body}{secret}' }, ['high weak-hash', 'medium keyed-hash']],
    [{ algorithm: 'hmac-sha256', stringToSign: '{timestamp}\n{body}' }, []],
  ] as ReadonlyArray<[Partial<SchemeDefinition>, readonly string[]]>)('of %j: %j', (change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  it('has to be accepted by a verifier', () => {
    const rest = { scheme: defineScheme(larkWebhooks), keys: memoryKeys([]), replay: memoryReplay() };
    expect(() => createVerifier(rest)).toThrow(/keyed-hash/);
    expect(() => createVerifier({ ...rest, acceptFindings: ['keyed-hash'] })).not.toThrow();
  });

  it('is true: a hash is extended without the secret', async () => {
    const definition: SchemeDefinition = { ...keyed, stringToSign: '{secret}{timestamp}\n{body}' };
    const { headers } = sign(definition, { body: '{"amount":1}' });
    const known = `${seconds}\n{"amount":1}`;
    const { body, signature } = extend(headers['X-Sign'] ?? '', secret.length + known.length);
    const sent = Buffer.concat([Buffer.from('{"amount":1}'), body]);
    const forged = new Request(url, { method: 'POST', headers: { ...headers, 'X-Sign': signature }, body: sent });
    expect(await judge(definition, forged)).toBe('ok');
  });
});

/** Continues a SHA-256 from its result, FIPS 180-4 section 6.2: the padding of a text of `length` bytes, and an end of ours. */
function extend(digest: string, length: number) {
  const padding = Buffer.alloc(((119 - (length % 64)) % 64) + 9);
  padding[0] = 128;
  padding.writeBigUInt64BE(BigInt(length) * 8n, padding.length - 8);
  const end = Buffer.from('{"amount":1000}');
  const block = Buffer.alloc(64);
  end.copy(block);
  block[end.length] = 128;
  block.writeBigUInt64BE(BigInt(length + padding.length + end.length) * 8n, 56);
  const state = (digest.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16));
  const signature = compress(state, block)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');
  return { body: Buffer.concat([padding, end]), signature };
}

const primes = Array.from({ length: 311 }, (_, i) => i + 2).filter((n) =>
  Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d),
);
const constants = primes.slice(0, 64).map((prime) => Math.floor((Math.cbrt(prime) % 1) * 2 ** 32));

function compress(state: readonly number[], block: Buffer): readonly number[] {
  const turn = (word: number, by: number) => (word >>> by) | (word << (32 - by));
  const words = Array.from({ length: 16 }, (_, i) => block.readUInt32BE(4 * i));
  for (let i = 16; i < 64; i++) {
    const [far = 0, near = 0] = [words[i - 15], words[i - 2]];
    const one = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
    const two = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
    words.push(((words[i - 16] ?? 0) + one + (words[i - 7] ?? 0) + two) | 0);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (const [i, word] of words.entries()) {
    const first =
      (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (constants[i] ?? 0) + word) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + (state[i] ?? 0)) >>> 0);
}
