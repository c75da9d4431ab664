// Runs with --expose-gc in a process of its own, and prints one line of JSON for each sample.
import { randomBytes } from 'node:crypto';
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { accessKey, origin, secret } from './signed-bytes.ts';

/** What a process holds after a full collection, in bytes, and what it has done by then. */
export type Sample = {
  readonly done: number;
  readonly heap: number;
  readonly rss: number;
  readonly accepted: number;
  readonly refused: number;
  /** Since the process began, in milliseconds. */
  readonly at: number;
};

const [what = '', total = '0'] = process.argv.slice(2);
const count = Number(total);
const samples = 10;
let accepted = 0;
let refused = 0;

function tell(done: number): void {
  const at = performance.now();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const sample: Sample = { done, heap: heapUsed + external, rss, accepted, refused, at };
  console.log(JSON.stringify(sample));
}

/** Does something so many times, and tells at regular intervals what is held. */
async function repeated(act: (i: number) => void | Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (i % (count / samples) === 0) tell(i);
    await act(i);
  }
  tell(count);
}

// Time goes on by a millisecond with each request, so nonces are forgotten within the run as they would be in hours.
let now = Date.now();
const clock = () => now;

/** Requests of all kinds through one verifier: signed ones with and without a body, and every eighth one that is refused. */
async function verified(): Promise<void> {
  const signer = createSigner({ accessKey, secret, clock });
  const told = new Map<string, number>();
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'soak', secrets: [{ secret }] }]),
    replay: memoryReplay({ clock }),
    clock,
    tolerance: 5,
    publicOrigin: origin,
    audit: ({ outcome }) => void told.set(outcome, (told.get(outcome) ?? 0) + 1),
  });
  const body = new TextEncoder().encode('{"sku":"A-1","quantity":2}');
  let last: ReceivedRequest | undefined;
  const next = (i: number): ReceivedRequest => {
    const target = `/v1/orders/${i}`;
    const method = i % 2 ? 'POST' : 'GET';
    const parts = { method, url: origin + target, ...(i % 2 && { body, headers: { 'content-type': 'text/plain' } }) };
    const fields = Object.entries({
      host: 'api.example.com',
      'content-type': 'text/plain',
      ...prepareRequest(signer, parts).headers,
    });
    const headers = new Map(fields.map(([name, value]) => [name.toLowerCase(), value]));
    if (!(i % 2)) headers.delete('content-type');
    if (i % 16 === 7) headers.set('x-api-signature', `v1=${'0'.repeat(64)}`);
    return {
      method,
      authority: 'api.example.com',
      target,
      headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
      ...(i % 2 && { body }),
    };
  };
  await repeated(async (i) => {
    now++;
    // Now and then the last one again.
    last = i % 16 === 15 && last ? last : next(i);
    const { ok } = await verifier.verify(last);
    if (ok) accepted++;
    else refused++;
  });
  if (told.get('accepted') !== accepted || told.get('refused') !== refused)
    throw new Error('The audit has other counts.');
}

/** More nonces than a store can hold, all of them different: it must refuse, never forget. */
async function flooded(): Promise<void> {
  const replay = memoryReplay({ capacity: 100_000, clock });
  const claimed: { readonly nonce: string; readonly until: number }[] = [];
  const flood = (): void => {
    const [nonce, until] = [crypto.randomUUID().replaceAll('-', ''), now + 2000];
    try {
      if (replay.claim(accessKey, nonce, until) !== 'fresh') throw new Error('A new nonce was taken for a seen one.');
      accepted++;
      if (accepted % 1000 === 0) claimed.push({ nonce, until });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'replay_store_full') throw error;
      refused++;
    }
  };
  const look = (): void => {
    for (const { nonce, until } of claimed.splice(0).filter((one) => one.until > now)) {
      if (replay.claim(accessKey, nonce, until) !== 'seen') throw new Error('A nonce was forgotten too early.');
      claimed.push({ nonce, until });
    }
  };
  await repeated((i) => {
    // A hundred arrive in a millisecond, and each would be remembered for two seconds: twice what there is room for.
    if (i % 100 === 0) now++;
    flood();
    if (i % 10_000 === 0) look();
  });
}

/** Nonces of the signer's, until a store has as many as it is asked to hold. */
async function filled(): Promise<void> {
  const replay = memoryReplay({ capacity: count });
  const { accessKey: generated } = generateCredentials();
  await repeated((i) => {
    replay.claim(generated, randomBytes(16).toString('base64url'), Date.now() + 600_000);
    accepted++;
    // Held until the last sample has been taken.
    if (i === count - 1) process.on('exit', () => replay);
  });
}

const acts: Readonly<Record<string, () => Promise<void>>> = { verified, flooded, filled };
await acts[what]?.();
