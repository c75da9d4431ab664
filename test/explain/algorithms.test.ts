import { createHash, createHmac } from 'node:crypto';
import { explainSignature } from 'countersign/explain';
import { type DefinedAlgorithm, defineScheme } from 'countersign/schemes';
import { memoryKeys } from 'countersign/server';
import { describe, expect, it } from 'vitest';

const secret = 'a secret that both sides know';
const accessKey = 'partner-1';
const now = Date.UTC(2026, 10, 22, 12);
const body = '{"sku":"A-1"}';
const nonce = 'nonce-of-a-partner-1';
const head = `${now / 1000}.${nonce}`;

/** How a caller makes a signature, by hand. */
type Maker = (hash: string) => Buffer;
const hashed =
  (...parts: readonly string[]): Maker =>
  (hash) =>
    createHash(hash).update(parts.join('')).digest();
const macOf =
  (text: string): Maker =>
  (hash) =>
    createHmac(hash, secret).update(text).digest();

async function explain(algorithm: DefinedAlgorithm, stringToSign: string, signature: Buffer) {
  const scheme = defineScheme({
    ...{ name: 'partner', algorithm, stringToSign },
    headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}', 'X-Signature': '{signature}' },
  });
  const fields = { 'x-key': accessKey, 'x-time': `${now / 1000}`, 'x-nonce': nonce };
  return explainSignature(
    {
      ...{ method: 'POST', scheme: 'https', authority: 'api.example.com', target: '/' },
      headers: new Headers({ ...fields, 'x-signature': signature.toString('hex') }),
      body: new TextEncoder().encode(body),
    },
    {
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      scheme,
      clock: () => now,
    },
  );
}

type Case = readonly [what: string, make: Maker, code: string, message: RegExp];

describe.each<[DefinedAlgorithm, string, string]>([
  ['sha256', 'sha256', 'SHA-256'],
  ['sha384', 'sha384', 'SHA-384'],
  ['sha512', 'sha512', 'SHA-512'],
  ['sha1', 'sha1', 'SHA-1'],
  ['md5', 'md5', 'MD5'],
])('a scheme that hashes the secret by %s', (algorithm, hash, name) => {
  const template = '{timestamp}.{nonce}.{secret}.{body}';

  it('is explained where it verifies', async () => {
    const explanation = await explain(algorithm, template, hashed(head, '.', secret, '.', body)(hash));
    expect(explanation).toMatchObject({ verified: true, differences: [] });
  });

  it.each<Case>([
    ['HMAC of the rest', macOf(`${head}..${body}`), 'algorithm', /HMAC-.*without the secret in it/],
    ['HMAC of the rest, closed up', macOf(`${head}.${body}`), 'algorithm', /HMAC-.*without the secret in it/],
    ['HMAC of all', macOf(`${head}.${secret}.${body}`), 'algorithm', /HMAC-.*with the secret in it/],
    ['HMAC of the text as shown', macOf(`${head}.{secret}.${body}`), 'algorithm', /HMAC-.*with the text {secret}/],
    ['secret in front', hashed(secret, head, '..', body), 'secret-swapped', /in front of the rest/],
    ['secret in front, closed up', hashed(secret, head, '.', body), 'secret-swapped', /in front of the rest/],
    ['secret at the end', hashed(head, '.', body, secret), 'secret-swapped', /behind the rest/],
    ['secret at both ends', hashed(secret, head, '.', body, secret), 'secret-swapped', /at both ends/],
    ['no secret', hashed(head, '..', body), 'secret-missing', /empty text/],
    ['the text as shown', hashed(head, '.{secret}.', body), 'secret-missing', /bare .* of the text/],
  ])('%s', async (_, make, code, message) => {
    const { verified, differences } = await explain(algorithm, template, make(hash));
    expect([verified, differences.map((one) => one.code)]).toEqual([false, [code]]);
    expect(differences[0]?.message).toMatch(message);
    if (code === 'algorithm') expect(differences[0]?.message).toContain(`HMAC-${name.replace('SHA-', 'SHA')} `);
    if (/bare/.test(message.source)) expect(differences[0]?.message).toContain(name);
    expect(JSON.stringify(differences)).not.toContain(secret);
  });

  it.each([
    ['in front', '{secret}\n{timestamp}\n{nonce}\n{body}'],
    ['at the end', '{timestamp}\n{nonce}\n{body|sha256|hex}\n{secret}'],
  ])('names HMAC where the secret belongs %s', async (_, other) => {
    const digest = createHash('sha256').update(body).digest('hex');
    const text = [now / 1000, nonce, other.includes('sha256') ? digest : body].join('\n');
    const { differences } = await explain(algorithm, other, macOf(text)(hash));
    expect(differences.map(({ code }) => code)).toEqual(['algorithm']);
    expect(differences[0]?.remedy).toContain('{secret}');
  });
});

describe.each<[DefinedAlgorithm, string, string]>([
  ['hmac-sha256', 'sha256', 'SHA-256'],
  ['hmac-sha384', 'sha384', 'SHA-384'],
  ['hmac-sha512', 'sha512', 'SHA-512'],
  ['hmac-sha1', 'sha1', 'SHA-1'],
])('a scheme by %s', (algorithm, hash, name) => {
  const text = `${head}.${body}`;

  it.each<Case>([
    ['secret in front', hashed(secret, text), 'algorithm', /the secret followed by the string/],
    ['secret at the end', hashed(text, secret), 'algorithm', /the string to sign followed by the secret/],
    ['secret at both ends', hashed(secret, text, secret), 'algorithm', /at both ends/],
    ['secret on a line', hashed(secret, '\n', text), 'algorithm', /the secret, a line break/],
    ['no secret', hashed(text), 'secret-missing', /bare/],
  ])('names a hash with the %s', async (_, make, code, message) => {
    const { verified, differences } = await explain(algorithm, '{timestamp}.{nonce}.{body}', make(hash));
    expect([verified, differences.map((one) => one.code)]).toEqual([false, [code]]);
    expect(differences[0]?.message).toMatch(message);
    expect(differences[0]?.message).toContain(name);
    if (code === 'algorithm') expect(differences[0]?.remedy).toContain(`HMAC-${name.replace('SHA-', 'SHA')}`);
  });

  it('names the arguments of HMAC in the wrong order', async () => {
    const { differences } = await explain(
      algorithm,
      '{timestamp}.{nonce}.{body}',
      createHmac(hash, text).update(secret).digest(),
    );
    expect(differences.map(({ code }) => code)).toEqual(['secret-swapped']);
  });
});
