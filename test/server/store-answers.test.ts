import type { KeyStore, ReplayStore } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { rig, url } from './rig.ts';

type Answering = readonly [name: string, answer: <Value>(make: () => Value) => Value | Promise<Value>];

/** Every way in which a store may come to its answer, or to throw. */
const ways: readonly Answering[] = [
  ['at once', (make) => make()],
  ['by a promise', async (make) => make()],
  ['later', (make) => new Promise((resolve) => setTimeout(resolve, 1)).then(make)],
  ['by a then that returns nothing, as a query builder', thenable],
];

function thenable<Value>(make: () => Value): Promise<Value> {
  const then = (resolve: (value: Value) => void, reject: (cause: unknown) => void): void => {
    setTimeout(() => {
      try {
        resolve(make());
      } catch (cause) {
        reject(cause);
      }
    }, 1);
  };
  return { then } as unknown as Promise<Value>;
}

const down = (): never => {
  throw new Error('10.0.0.7 refused');
};

describe.each(ways)('a replay store that answers %s', (_, answer) => {
  const outcomes: readonly (readonly [string, () => unknown, string])[] = [
    ['fresh', () => 'fresh', 'accepted'],
    ['seen', () => 'seen', 'replayed_request'],
    ['nothing', () => undefined, 'replay_store_unavailable'],
    ['true', () => true, 'replay_store_unavailable'],
    ['with an error', down, 'replay_store_unavailable'],
  ];
  it.each(outcomes)('%s is believed as far as it goes', async (_name, make, expected) => {
    const replay = { claim: () => answer(make) } as ReplayStore;
    const { signer, verifier, events } = rig({ replay });
    const result = await verifier.verify(await signer.sign(new Request(url)));
    expect(result.ok ? 'accepted' : result.error.code).toBe(expected);
    expect(events.map(({ outcome, code }) => code ?? outcome)).toEqual([expected]);
  });
});

describe.each(ways)('a key store that answers %s', (_, answer) => {
  const known = rig();
  const record = { accessKey: known.accessKey, service: 'shop', secrets: [{ secret: known.secret }] };
  const outcomes: readonly (readonly [string, () => unknown, string])[] = [
    ['with the record', () => record, 'accepted'],
    ['with nothing', () => undefined, 'unknown_key'],
    ['with the record of another', () => ({ ...record, accessKey: 'another' }), 'unknown_key'],
    ['with no record', () => ({ accessKey: known.accessKey }), 'key_store_unavailable'],
    ['with a secret that is none', () => ({ ...record, secrets: [{ secret: '' }] }), 'key_store_unavailable'],
    ['with an error', down, 'key_store_unavailable'],
  ];
  it.each(outcomes)('%s is believed as far as it goes', async (_name, make, expected) => {
    const keys = { find: () => answer(make) } as KeyStore;
    const { verifier, claimed } = rig({ keys });
    const result = await verifier.verify(await known.signer.sign(new Request(url)));
    expect(result.ok ? 'accepted' : result.error.code).toBe(expected);
    expect(claimed).toHaveLength(result.ok ? 1 : 0);
  });
});
