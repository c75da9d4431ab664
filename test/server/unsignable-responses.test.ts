import { createSigner, generateCredentials } from 'countersign';
import { countersignV1, type Scheme } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, protect, type VerifierOptions } from 'countersign/server';
import { expect, it } from 'vitest';
import { publicScheme } from './public-scheme.ts';

const pairOf = async () =>
  (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as {
    readonly publicKey: typeof CryptoKey.prototype;
    readonly privateKey: typeof CryptoKey.prototype;
  };
const caller = await pairOf();
const server = await pairOf();
const shared = generateCredentials().secret;
const { response: _, ...answerless } = countersignV1;

type Given = {
  readonly scheme: Scheme;
  readonly secret?: typeof shared | typeof caller.privateKey;
  readonly options?: Partial<VerifierOptions>;
};

/** What came of one request to a gate that signs every answer. */
async function outcomeOf({ scheme, secret = caller.privateKey, options = {} }: Given) {
  const events: unknown[] = [];
  const claimed: string[] = [];
  let handled = 0;
  const seen = memoryReplay();
  const verifier = createVerifier({
    scheme,
    keys: memoryKeys([
      { accessKey: 'shop', service: 'shop', secrets: [{ publicKey: caller.publicKey }, { secret: shared }] },
    ]),
    replay: {
      claim: (...given) => {
        claimed.push(given[1]);
        return seen.claim(...given);
      },
    },
    audit: ({ code, message }) => void events.push([code, message]),
    ...options,
  });
  const handle = protect(
    verifier,
    () => {
      handled += 1;
      return new Response('done');
    },
    { countersign: 'always' },
  );
  const signer = createSigner({ accessKey: 'shop', secret, scheme });
  const { status } = await handle(await signer.sign(new Request('https://api.example.com/')));
  return { status, handled, events, claimed: claimed.length };
}

it.each<[what: string, given: Given, message: RegExp]>([
  ['the caller has a public key alone', { scheme: publicScheme }, /can only verify.*responseKey/],
  ['the scheme signs no answers', { scheme: answerless, secret: shared }, /scheme countersign-v1 signs no responses/],
])('a gate that signs every answer asks no handler where %s, and tells the operator', async (_, given, message) => {
  const { events, ...outcome } = await outcomeOf(given);
  expect(outcome).toEqual({ status: 500, handled: 0, claimed: 0 });
  expect(events).toEqual([['internal_error', expect.stringMatching(message)]]);
});

it.each<[what: string, given: Given]>([
  [
    'a responseKey',
    { scheme: publicScheme, options: { responseKey: { accessKey: 'server', secret: server.privateKey } } },
  ],
  ['a shared secret', { scheme: countersignV1, secret: shared }],
])('a gate that signs every answer does so with %s', async (_, given) => {
  const outcome = await outcomeOf(given);
  expect(outcome).toEqual({ status: 200, handled: 1, claimed: 1, events: [[undefined, undefined]] });
});

it.each([
  ['Content-Type', 'text/\u00e9'],
  ['Location', '/\u00e9'],
])('a response of which %s is not ASCII is blamed on the server, and not on its caller', async (name, value) => {
  const credentials = generateCredentials();
  const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const result = await verifier.verify(await createSigner(credentials).sign(new Request('https://api.example.com/')));
  const response = new Response('done', { headers: { [name]: value } });
  await expect(result.ok && result.countersign(response)).rejects.toMatchObject({
    code: 'unsignable_response',
    status: 500,
    message: expect.stringContaining(name.toLowerCase()),
  });
});
