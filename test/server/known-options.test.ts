import { createServer } from 'node:http';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { signedRequests } from 'countersign/hono';
import { protectNode } from 'countersign/node';
import {
  allowUnsignedPayload,
  cachedKeys,
  createVerifier,
  memoryKeys,
  memoryReplay,
  protect,
} from 'countersign/server';
import { expect, it } from 'vitest';

const given = () => ({ keys: memoryKeys([]), replay: memoryReplay() });
const verifier = createVerifier(given());
const hello = () => new Response('hello');
/** Options as JavaScript passes them, which no compiler has seen. */
const unseen = (options: object): Record<never, never> => options;
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
    'The gate has no option "Scope". Did you mean scope?',
    () => protectNode(verifier, () => {}, unseen({ Scope: 'a' })),
  ],
  [
    'signedRequests() has no option "counterSign". Did you mean countersign?',
    () => signedRequests(verifier, unseen({ counterSign: 'always' })),
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
])('%s', (message, act) => {
  expect(act).toThrow(expect.objectContaining({ code: 'invalid_configuration', message }));
});

it('takes every option that exists, also a switch that is a symbol, and undefined for none', () => {
  const limits = { timeout: 1000 };
  expect(createVerifier({ ...given(), tolerance: 30, limits, [allowUnsignedPayload]: true })).toHaveProperty('verify');
  expect(protect(verifier, hello, unseen({ scope: undefined }))).toBeTypeOf('function');
});
