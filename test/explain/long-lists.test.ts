import { explainRefusals, explainSignature } from 'countersign/explain';
import { createKitServer } from 'countersign/kit';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { describe, expect, it, vi } from 'vitest';
import { createEffort } from '../../src/explain/effort.ts';
import { readRequest } from '../../src/explain/read-request.ts';
import { listVariations } from '../../src/explain/variations.ts';
import { headerView } from '../../src/node/received.ts';
import { countersignV1 } from '../../src/schemes/countersign-v1/scheme.ts';
import { watchOthers } from './watch-others.ts';

vi.setConfig({ testTimeout: 60_000 });

const noon = Date.UTC(2026, 10, 22, 12);
const secret = 'a secret that the stranger does not know';
const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ secret }], explain: true }]);

/** In bytes. Node takes 16 KiB of headers. */
const size = 15_000;
const repeated = (part: string, bytes = size): string => part.repeat(bytes / part.length);
const distinct = (prefix: string, bytes = size): string =>
  Array.from({ length: bytes / (prefix.length + 4) }, (_, place) => prefix + place.toString(36)).join(',');

const lists: ReadonlyArray<readonly [name: string, headers: Readonly<Record<string, string>>, target?: string]> = [
  ['the same host', { 'x-forwarded-host': repeated('a,'), 'x-forwarded-port': '1' }],
  ['hosts', { 'x-forwarded-host': distinct('a'), 'x-forwarded-port': '1' }],
  ['hosts in Forwarded', { forwarded: repeated('host=a,') + distinct('host=b', 7000) }],
  ['prefixes', { 'x-forwarded-prefix': distinct('/') }],
  [
    'the same host and prefix',
    { 'x-forwarded-host': repeated('a,', 7000), 'x-forwarded-prefix': repeated('/a,', 7000), 'x-forwarded-port': '1' },
  ],
  [
    'hosts and prefixes',
    { 'x-forwarded-host': distinct('a', 7000), 'x-forwarded-prefix': distinct('/', 7000), 'x-forwarded-port': '1' },
  ],
  ['headers', Object.fromEntries(Array.from({ length: 1800 }, (_, place) => [`x${place}`, 'a, B']))],
  [
    'items of headers',
    Object.fromEntries(Array.from({ length: 60 }, (_, place) => [`x${place}`, repeated('A,b', 200)])),
  ],
  ['signed headers', signedHeaders(64)],
  ['cookies', { cookie: repeated('a=b; ') }],
  ['query parameters', {}, `/?${repeated('a=B&')}${distinct('b', 7000).replaceAll(',', '&')}`],
  ['segments', {}, repeated('/a')],
];

function signedHeaders(count: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: count }, (_, place) => `x${place}`);
  return { 'x-api-signed-headers': names.sort().join(';'), ...Object.fromEntries(names.map((name) => [name, 'A, b'])) };
}

const receivedWith = (headers: Readonly<Record<string, string>>, target = '/'): ReceivedRequest => ({
  ...{ method: 'GET', authority: 'a.example', target, scheme: 'https' },
  headers: headerView(
    Object.entries({
      ...{ host: 'a.example', 'x-api-key': 'partner', 'x-api-timestamp': `${noon / 1000}` },
      ...{ 'x-api-nonce': 'n'.repeat(20), 'x-api-signature': `v1=${'0'.repeat(64)}` },
      ...headers,
    }).flat(),
  ),
});

describe.each(lists.map(([name, headers, target = '/']) => [name, headers, target] as const))(
  'a request with thousands of %s',
  (_, headers, target) => {
    it('has few variations', async () => {
      const effort = createEffort();
      const { method, authority, headers: view, ...rest } = receivedWith(headers, target);
      const message = {
        method,
        authority,
        headers: view,
        scheme: 'https',
        target: rest.target,
        rawTarget: rest.target,
      } as const;
      const base = { message, body: new Uint8Array() };
      const read = await readRequest(base, { scheme: countersignV1, keys, accessKey: undefined, effort });
      if (!('reading' in read)) throw read.error;
      const rules = {
        scheme: countersignV1,
        reading: read.reading,
        effort,
        origins: [],
        paths: [],
        bodies: async () => [],
      };
      let count = 0;
      for await (const _ of listVariations(base, rules)) if (++count > 10_000) break;
      expect(count).toBeLessThan(2000);
    });

    // Without a bound, the product of two lists blocks for minutes. The limit is generous, for a busy machine.
    it('lets others be served while its refusal is explained', async () => {
      const verifier = createVerifier({ keys, replay: memoryReplay(), clock: () => noon, explain: explainRefusals() });
      const { result, longest } = await watchOthers(() => verifier.verify(receivedWith(headers, target)));
      expect(result.ok ? undefined : JSON.parse(result.response.body)).toMatchObject({
        code: 'signature_mismatch',
        differences: [],
      });
      expect(longest).toBeLessThan(1500);
    });
  },
);

it('lets others be served while a kit server explains the product of two lists, for an unknown key', async () => {
  const kit = createKitServer({ credentials: { accessKey: 'partner', secret }, clock: () => noon });
  const headers = {
    'x-api-key': 'stranger',
    'x-forwarded-host': repeated('a,', 7000),
    'x-forwarded-prefix': repeated('/a,', 7000),
  };
  const { result, longest } = await watchOthers(() => kit.handle(receivedWith(headers)));
  expect(result.status).toBe(401);
  expect(longest).toBeLessThan(1500);
});

it('says that it has tried the first of a long list only', async () => {
  const of = async (count: number) => {
    const hosts = Array.from({ length: count }, (_, place) => `host-${place}.example`).join(', ');
    const { leftOut } = await explainSignature(receivedWith({ 'x-api-key': 'stranger', 'x-forwarded-host': hosts }), {
      keys,
      clock: () => noon,
    });
    return leftOut;
  };
  expect(await of(8)).toEqual([]);
  expect(await of(9)).toEqual([{ code: 'long-lists', message: expect.stringContaining('only the first were tried') }]);
});
