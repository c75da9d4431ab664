import { createServer } from 'node:http';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { protect as protectHono } from 'countersign/hono';
import { protect as protectNode } from 'countersign/node';
import {
  aesSealer,
  allowUnsignedPayload,
  boundedSink,
  cachedKeys,
  countingSink,
  createVerifier,
  generateCredentials,
  memoryKeys,
  memoryKeyTable,
  memoryReplay,
  protect,
  reportOnly,
  resealKeys,
  signedChallenges,
} from 'countersign/server';
import { expect, it } from 'vitest';

const given = () => ({ keys: memoryKeys([]), replay: memoryReplay() });
const verifier = createVerifier(given());
const hello = () => new Response('hello');
/** Options as JavaScript passes them, which no compiler has seen. */
const unseen = (options: object): Record<never, never> => options;
const secret = 'a secret of thirty-two characters';
const record = { accessKey: 'abc', service: 'shop', secrets: [{ secret }] };
const sealing = { current: 'a', keys: { a: new Uint8Array(32) } };
const cors = { origins: '*' } as const;

it.each<[says: string, act: () => unknown]>([
  [
    'createVerifier() has no option "tolerence". Did you mean tolerance?',
    () => createVerifier({ ...given(), ...unseen({ tolerence: 30 }) }),
  ],
  ['createVerifier() has no option "expiresIn".', () => createVerifier({ ...given(), ...unseen({ expiresIn: 30 }) })],
  [
    'createVerifier() has no option "__proto__".',
    () => createVerifier({ ...given(), ...unseen(JSON.parse('{"__proto__":1}')) }),
  ],
  [
    'limits of createVerifier() has no option "byAdress". Did you mean byAddress?',
    () => createVerifier({ ...given(), limits: unseen({ byAdress: {} }) }),
  ],
  ['protect() has no option "scopes". Did you mean scope?', () => protect(verifier, hello, unseen({ scopes: ['a'] }))],
  [
    'cors has no option "maxage". Did you mean maxAge?',
    () => protect(verifier, hello, { cors: { ...cors, ...unseen({ maxage: 1 }) } }),
  ],
  [
    'protect() has no option "Scope". Did you mean scope?',
    () => protectNode(verifier, () => {}, unseen({ Scope: 'a' })),
  ],
  [
    'protect() has no option "counterSign". Did you mean countersign?',
    () => protectHono(verifier, unseen({ counterSign: 'always' })),
  ],
  [
    'forwardAuth() has no option "proxy".',
    () => createServer(forwardAuth(verifier, { dialect: 'nginx', ...unseen({ proxy: [] }) })),
  ],
  [
    'reverseProxy() has no option "maxBodyByte". Did you mean maxBodyBytes?',
    () => reverseProxy(verifier, { upstream: 'http://127.0.0.1:1', ...unseen({ maxBodyByte: 1 }) }),
  ],
  [
    'cachedKeys() has no option "lifeTime". Did you mean lifetime?',
    () => cachedKeys(memoryKeys([]), unseen({ lifeTime: 0 })),
  ],
  [
    'memoryReplay() has no option "longLivedPerkey". Did you mean longLivedPerKey?',
    () => memoryReplay(unseen({ longLivedPerkey: 1 })),
  ],
  [
    'signedChallenges() has no option "lifetimes". Did you mean lifetime?',
    () => signedChallenges(unseen({ lifetimes: 5 })),
  ],
  ['boundedSink() has no option "timeOut". Did you mean timeout?', () => boundedSink(() => {}, unseen({ timeOut: 5 }))],
  ['countingSink() has no option "size".', () => countingSink(unseen({ size: 5 }))],
  [
    'aesSealer() has no option "curent". Did you mean current?',
    () => aesSealer({ ...sealing, ...unseen({ curent: 'b' }) }),
  ],
  ['reportOnly() has no option "countersign".', () => reportOnly(verifier, hello, unseen({ countersign: 'always' }))],
  [
    'trustedProxies has no option "header". Did you mean headers?',
    () =>
      createVerifier({
        ...given(),
        trustedProxies: { addresses: ['10.0.0.1'], headers: ['forwarded'], ...unseen({ header: [] }) },
      }),
  ],
  [
    'The key abc has no option "expireAt". Did you mean expiresAt?',
    () => memoryKeys([{ ...record, ...unseen({ expireAt: 0 }) }]),
  ],
  [
    'A secret of the key abc has no option "expires". Did you mean expiresAt?',
    () => memoryKeys([{ ...record, secrets: [{ secret, ...unseen({ expires: 0 }) }] }]),
  ],
])('%s', (message, act) => {
  expect(act).toThrow(expect.objectContaining({ code: 'invalid_configuration', message }));
});

it('resealKeys() refuses an option that does not exist', async () => {
  const options = { table: memoryKeyTable(), sealer: aesSealer(sealing), ...unseen({ dryRun: true }) };
  await expect(resealKeys(options)).rejects.toMatchObject({
    code: 'invalid_configuration',
    message: 'resealKeys() has no option "dryRun".',
  });
});

it('takes what generateCredentials() returns for a secret of a key', () => {
  const credentials = generateCredentials();
  const keys = memoryKeys([{ ...record, accessKey: credentials.accessKey, secrets: [credentials] }]);
  expect(keys.find(credentials.accessKey)).toMatchObject({ service: 'shop' });
});

it('takes every option that exists, also a switch that is a symbol, and undefined for none', () => {
  const limits = { timeout: 1000 };
  expect(createVerifier({ ...given(), tolerance: 30, limits, [allowUnsignedPayload]: true })).toHaveProperty('verify');
  expect(protect(verifier, hello, unseen({ address: undefined }))).toBeTypeOf('function');
});
