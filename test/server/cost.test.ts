import { sha256 } from '@noble/hashes/sha2.js';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { headerView } from '../../src/node/received.ts';
import {
  accessKey,
  authority,
  bytesOf,
  costlySignatures,
  everyScheme,
  fillings,
  type Head,
  honestHead,
  mostBytes,
  type SchemeOfTest,
} from './costly.ts';
import { ownSchemes } from './own-schemes.ts';
import { noon } from './rig.ts';

const verifierOf = ({ scheme, secret, acceptFindings }: SchemeOfTest): Verifier =>
  createVerifier({
    scheme,
    acceptFindings,
    keys: memoryKeys(
      [accessKey, scheme.name].map((name) => ({ accessKey: name, service: 'shop', secrets: [{ secret }] })),
    ),
    replay: memoryReplay({ clock: () => noon }),
    clock: () => noon,
    audit: () => undefined,
  });

const judge = (verifier: Verifier, { method, target, fields }: Head, body = '{}') =>
  verifier.verify({
    method,
    authority,
    target,
    scheme: 'https',
    headers: headerView(fields),
    body: new TextEncoder().encode(body),
  });

async function timeOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** What a head of 16 KiB may cost: as much as hashing 640 KiB, which is about 3 milliseconds. */
const most = new Uint8Array(640 * 2 ** 10);

async function fastestOf(runs: number, work: () => unknown): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) fastest = Math.min(fastest, await timeOf(work));
  return fastest;
}

let allowed = 0;
beforeEach(async () => {
  allowed = await fastestOf(20, () => sha256(most));
});

/**
 * Whether the work is done once in what is allowed: other load on the machine only adds time. A machine that has become slower since
 * `allowed` was measured is measured again.
 */
async function isCheap(work: () => unknown): Promise<boolean> {
  for (let round = 0; round < 3; round += 1) {
    for (let attempt = 0; attempt < 20; attempt += 1) if ((await timeOf(work)) <= allowed) return true;
    allowed = await fastestOf(20, () => sha256(most));
  }
  return false;
}

it('tells what costs more', async () => {
  expect(await isCheap(() => sha256(most.subarray(2 ** 17)))).toBe(true);
  expect(await isCheap(() => [sha256(most), sha256(most)])).toBe(false);
});

describe.each([...everyScheme, ...ownSchemes])('$name', (one) => {
  it('accepts the honest request that the others are made of', async () => {
    const result = await judge(verifierOf(one), await honestHead(one));
    const code = result.ok ? 'ok' : result.error.code;
    expect(code).toBe(one.scheme.name === 'key-and-challenge' ? 'invalid_challenge' : 'ok');
  });

  it('spends little on 16 KiB of a stranger', async () => {
    const verifier = verifierOf(one);
    const dear: string[] = [];
    let longest = 0;
    for (const head of [
      ...fillings(await honestHead(one)),
      ...(one.scheme.name === 'rfc9421' ? costlySignatures() : []),
    ]) {
      longest = Math.max(longest, bytesOf(head));
      if (!(await isCheap(() => judge(verifier, head)))) dear.push(head.name);
    }
    expect(dear).toEqual([]);
    expect(longest).toBeGreaterThan(mostBytes * 0.9);
  });
});
