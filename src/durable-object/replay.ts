import { fail, SignatureError } from '../core/errors.ts';
import type { ReplayStore } from '../server/contracts.ts';
import { checkClaimEnd, claimId } from '../stores/claim.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import type { ObjectClaim } from './replay-object.ts';

/** The binding of a Durable Object class: the part of Cloudflare's `DurableObjectNamespace` that this package uses. */
export type ReplayNamespace = {
  idFromName(name: string): unknown;
  get(id: unknown): {
    fetch(
      url: string,
      init: { readonly method: string; readonly body: string },
    ): Promise<{ readonly status: number; text(): Promise<string> }>;
  };
};

/** The objects that remember nonces, and how long a claim may take. */
export type DurableObjectReplayOptions = {
  /** Number of objects that share the nonces. If you change it or `prefix`, nonces are forgotten. @default 8 */
  readonly shards?: number;
  /** Prefix of the names of the objects. @default 'countersign-' */
  readonly prefix?: string;
  /** How long to wait for an object, in milliseconds; then the request is refused with 503. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. Must be the verifier's clock. @default Date.now */
  readonly clock?: () => number;
};

/**
 * Remembers nonces in Durable Objects of a class that delegates to {@link replayObject}. A hash of the nonce selects the object,
 * so all claims of a nonce reach the same object.
 *
 * @throws SignatureError `invalid_configuration`. Its `claim` throws `replay_store_full` if an object is full or a limit is
 * reached, and `replay_store_unavailable` if an object does not respond in time, or may have forgotten nonces early.
 * @example
 * import { durableObjectReplay, type ReplayNamespace } from 'countersign/durable-object';
 *
 * const createReplay = (env: { readonly REPLAY: ReplayNamespace }) => durableObjectReplay(env.REPLAY, { shards: 16 });
 */
export function durableObjectReplay(namespace: ReplayNamespace, options: DurableObjectReplayOptions = {}): ReplayStore {
  const { shards = 8, prefix = 'countersign-', timeout = 1000, clock = () => Date.now() } = options;
  if (!(Number.isSafeInteger(shards) && shards >= 1)) {
    fail('invalid_configuration', `shards is ${shards}, it must be a whole number of at least 1.`);
  }
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout must be a positive number of milliseconds.');
  return {
    async claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const until = checkClaimEnd(expiresAt, now);
      const id = claimId(accessKey, nonce);
      const name = `${prefix}${Number.parseInt(id.slice(0, 8), 16) % shards}`;
      const result = await withTimeout(
        sendClaim(namespace, name, { id, owner: claimId(accessKey, ''), now, expiresAt: until }),
        timeout,
      ).catch(refused);
      if (result === 'fresh' || result === 'seen') return result;
      if (result === 'full') fail('replay_store_full', 'A Durable Object is full: raise its capacity.', 503);
      if (result === 'crowded') crowded();
      if (result === 'forgotten')
        unavailable('A Durable Object has forgotten nonces early: its clock is, or was, ahead.');
      return unavailable(
        'The Durable Object returned a value that is not the result of a claim: does its class delegate fetch to replayObject?',
      );
    },
  };
}

async function sendClaim(namespace: ReplayNamespace, name: string, claim: ObjectClaim): Promise<string> {
  // A new stub each time: a stub stays broken after its object has failed.
  const object = namespace.get(namespace.idFromName(name));
  const response = await object.fetch('https://countersign.invalid/claim', {
    method: 'POST',
    body: JSON.stringify(claim),
  });
  const text = await response.text();
  return response.status === 200
    ? text
    : unavailable(`The Durable Object responds with the status ${response.status}.`);
}

const crowded = (): never =>
  fail(
    'replay_store_full',
    'The access key has the maximum number of long-lived nonces in a Durable Object: sign with a shorter lifetime, or raise longLivedPerKey.',
    503,
  );

const refused = (cause: unknown): never => {
  if (cause instanceof SignatureError) throw cause;
  return unavailable(toStoreError('The Durable Object', cause), cause);
};

const unavailable = (message: string, cause?: unknown): never => fail('replay_store_unavailable', message, 503, cause);
