import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import {
  type Credentials,
  createSigner,
  explainSigning,
  generateCredentials,
  prepareRequest,
  SignatureError,
  signedFetch,
} from 'countersign';
import { signingHooks } from 'countersign/ky';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../src/core/message.ts';

const url = 'https://api.example.com/orders';
const credentials = generateCredentials();
const { accessKey, secret } = credentials;
const record = { accessKey, service: 'shop', secrets: [{ secret }] };
const keys = memoryKeys([record]);
const verifier = createVerifier({ keys, replay: memoryReplay() });
const signer = createSigner({ accessKey, secret });
const accepted = await verifier.verify(await signer.sign(new Request(url, { method: 'POST', body: 'b' })));
const refused = await verifier.verify(new Request(url));

/** Everything of ours that holds a secret, or has seen one. */
const objects: ReadonlyArray<[string, unknown]> = [
  ['credentials', credentials],
  ['a list of credentials', [credentials]],
  ['a signer', signer],
  ['a signer of bytes', createSigner({ accessKey, secret: new TextEncoder().encode(secret) })],
  ['a signer with a provider', createSigner({ credentials: () => credentials })],
  [
    'the signature of a message',
    await signer.signMessage(toMessage({ method: 'GET', url }, new Headers()), { kind: 'none' }),
  ],
  ['a signed request', await signer.sign(new Request(url))],
  ['signed headers', prepareRequest(signer, { url }).headers],
  ['an explanation', await explainSigning(signer, url)],
  ['a signed fetch', signedFetch(signer)],
  ['ky hooks', signingHooks(signer)],
  ['the scheme', signer.scheme],
  ['a key store', keys],
  ['a key that a store found', await keys.find(accessKey)],
  ['a verifier', verifier],
  ['an accepted request', accepted],
  ['a refused request', refused],
];

// Any part of it would do, so parts are looked for; and its bytes, as a dump would show them.
const traces = [
  secret.slice(14, 30),
  secret.slice(40, 56),
  [...new TextEncoder().encode(secret.slice(14, 26))].join(', '),
];
const hidden = (text: string): void => {
  for (const trace of traces) expect(text).not.toContain(trace);
};

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
};
const cloned = (value: unknown): unknown => {
  try {
    return structuredClone(value);
  } catch {
    return undefined;
  }
};

/** What printing a value shows, in all the ways that logs are made of. */
const printed = (value: unknown): string[] => [
  json(value),
  json({ nested: [value] }),
  inspect(value),
  inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
  inspect(value, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null, getters: true }),
  `${typeof value === 'object' ? Object.prototype.toString.call(value) : value}`,
  String(value),
  inspect(cloned(value), { depth: null }),
  inspect(Object.entries(value as object), { depth: null }),
  inspect({ ...(value as object) }, { depth: null }),
  inspect(Object.assign({}, value), { depth: null }),
];

describe('the secret is not to be seen in', () => {
  it.each(objects)('%s', (_, value) => {
    for (const text of printed(value)) hidden(text);
  });

  it.each(objects)('the console, shown %s', (_, value) => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
    const own = new Console(stream, stream);
    own.log(value);
    own.log('%o %O %j %s', value, value, {}, value);
    own.dir(value, { depth: null });
    own.table(value);
    expect(written.length).toBeGreaterThan(3);
    hidden(written.join(''));
  });
});

it('gives the secret to who asks for it by name', () => {
  const { secret: asked } = credentials;
  expect(asked).toMatch(/^csign_sk_/);
  expect(prepareRequest(createSigner({ ...credentials, secret: asked }), { url }).headers['X-API-Key']).toBe(accessKey);
});

it('no error holds any part of a secret, whatever is wrong', async () => {
  const secrets = fc.oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.constant(null).map(() => generateCredentials().secret),
    fc.constant(null).map(() => generateCredentials().secret.slice(0, 40)),
  );
  const isSecretive = (text: string) => /^[\w+/=-]{8,}$/.test(text);
  await fc.assert(
    fc.asyncProperty(secrets.filter(isSecretive), fc.constantFrom(accessKey, '', 'a b'), async (text, name) => {
      const errors: unknown[] = [];
      const attempt = async (run: () => unknown) => {
        await Promise.resolve()
          .then(run)
          .catch((error: unknown) => errors.push(error));
      };
      const given: Credentials = { accessKey: name, secret: text };
      await attempt(() => createSigner(given));
      await attempt(() => createSigner({ credentials: given }));
      await attempt(() => createSigner({ ...given, signedHeaders: ['host'] }));
      await attempt(() => prepareRequest(createSigner({ credentials: () => given, nonce: () => '' }), { url }).headers);
      await attempt(() => prepareRequest(createSigner({ credentials: async () => given }), { url }).headers);
      await attempt(() => createSigner({ credentials: () => given }).sign(new Request('https://u@a.example/')));
      await attempt(() => memoryKeys([{ accessKey: name, service: '', secrets: [given] }]));
      await attempt(async () => {
        const store = { find: () => ({ accessKey: name, service: 's', secrets: [given] }) };
        const one = createVerifier({ keys: store, replay: memoryReplay() });
        const result = await one.verify(await signer.sign(new Request(url)));
        if (!result.ok) errors.push(result.error, result.response, result);
      });
      expect(errors.some((error) => error instanceof SignatureError)).toBe(true);
      for (const error of errors) {
        for (const shown of [inspect(error, { depth: null, showHidden: true }), json(error), String(error)]) {
          // Names of tests and sources are in stacks; they have none of these in them.
          expect(shown).not.toContain(text);
        }
      }
    }),
    { numRuns: 100 },
  );
});
