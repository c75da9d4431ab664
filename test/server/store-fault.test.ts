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
    'responds with an error (NOPERM).',
  ],
  [
    'a table that is missing',
    thrown('relation "x" does not exist', { code: '42P01' }),
    'responds with an error (42P01).',
  ],
  [
    'a missing table of MariaDB',
    thrown('no table', { code: 'ER_NO_SUCH_TABLE' }),
    'responds with an error (ER_NO_SUCH_TABLE).',
  ],
  ['a refused connection', thrown('10.0.0.7 refused', { code: 'ECONNREFUSED' }), 'cannot be reached (ECONNREFUSED).'],
  ['a lost connection', thrown('Connection terminated unexpectedly'), 'cannot be reached.'],
  ['a database that stops', thrown('terminating', { code: '57P01' }), 'cannot be reached (57P01).'],
  [
    'several addresses',
    new AggregateError([thrown('a', { code: 'ECONNREFUSED' })]),
    'cannot be reached (ECONNREFUSED).',
  ],
  ['anything else', thrown('the secret is 12345'), 'responds with an error.'],
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
    expect(result.ok ? '' : result.response.body).not.toMatch(/NOPERM|ECONN|42P01|10\.0\.0\.7|12345/);
  });
});
