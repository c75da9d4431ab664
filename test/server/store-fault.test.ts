import { createSigner } from 'countersign';
import {
  createVerifier,
  type KeyStore,
  type LimitOptions,
  memoryKeys,
  memoryReplay,
  type ReplayStore,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';

const secret = 'a secret of more than sixteen bytes';
const signer = createSigner({ accessKey: 'caller', secret });
const known = memoryKeys([{ accessKey: 'caller', service: 'shop', secrets: [{ secret }] }]);

const thrown = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

const faults: ReadonlyArray<readonly [string, Error, string]> = [
  [
    'a user who lacks a command',
    thrown("NOPERM this user has no permissions to run 'set'"),
    "responds with an error (NOPERM). Cause: NOPERM this user has no permissions to run 'set'",
  ],
  [
    'a table that is missing',
    thrown('relation "x" does not exist', { code: '42P01' }),
    'responds with an error (42P01). Cause: relation "x" does not exist',
  ],
  [
    'a missing table of MariaDB',
    thrown('no table', { code: 'ER_NO_SUCH_TABLE' }),
    'responds with an error (ER_NO_SUCH_TABLE). Cause: no table',
  ],
  [
    'a refused connection',
    thrown('10.0.0.7 refused', { code: 'ECONNREFUSED' }),
    'cannot be reached (ECONNREFUSED). Cause: 10.0.0.7 refused',
  ],
  [
    'a lost connection',
    thrown('Connection terminated unexpectedly'),
    'cannot be reached. Cause: Connection terminated unexpectedly',
  ],
  ['a database that stops', thrown('terminating', { code: '57P01' }), 'cannot be reached (57P01). Cause: terminating'],
  [
    'several addresses',
    new AggregateError([thrown('connect ECONNREFUSED 10.0.0.7', { code: 'ECONNREFUSED' })]),
    'cannot be reached (ECONNREFUSED). Cause: connect ECONNREFUSED 10.0.0.7',
  ],
  ['a mistake in a store', thrown('x is not a function'), 'responds with an error. Cause: x is not a function'],
  [
    'a fetch that failed',
    thrown('fetch failed', { cause: thrown('getaddrinfo ENOTFOUND keys') }),
    'responds with an error. Cause: fetch failed: getaddrinfo ENOTFOUND keys',
  ],
  ['a setting', thrown('the secret is 12345'), 'responds with an error. Cause: the secret (hidden)'],
  ['no message', thrown(''), 'responds with an error.'],
  [
    'a text without end',
    thrown('a '.repeat(1e6)),
    `responds with an error. Cause: ${'a '.repeat(100)}... (2048 characters)`,
  ],
  [
    'an error that throws where it is read',
    Object.defineProperty(new Error(), 'cause', { get: () => expect.fail('read') }),
    'responds with an error.',
  ],
];

describe.each(faults)('%s', (_, cause, said) => {
  type Given = { keys?: KeyStore; replay?: ReplayStore; limits?: LimitOptions };
  async function judged({ keys = known, replay = memoryReplay(), limits = {} }: Given) {
    const messages: Array<string | undefined> = [];
    const verifier = createVerifier({ keys, replay, limits, audit: ({ message }) => void messages.push(message) });
    const result = await verifier.verify(await signer.sign(new Request('https://api.example.com/')));
    return { messages, result };
  }

  it.each([
    ['replay store', { replay: { claim: () => Promise.reject(cause) } }],
    ['key store', { keys: { find: () => Promise.reject(cause) } }],
    ['limiter by key', { limits: { byKey: { consume: () => Promise.reject(cause) } } }],
    ['limiter by address', { limits: { byAddress: { consume: () => Promise.reject(cause) } } }],
  ] as const)('of a %s is told to the audit, and nothing of it to the caller', async (store, options) => {
    const { messages, result } = await judged(options);
    expect(messages).toEqual([`The ${store} ${said}`]);
    expect(result).toMatchObject({ ok: false, error: { cause }, response: { status: 503 } });
    expect(result.ok ? '' : result.response.body).not.toMatch(/Cause|NOPERM|ECONN|42P01|10\.0\.0\.7|12345/);
  });
});
