import { fail, SignatureError } from '../core/errors.ts';
import type { ReplayStore } from '../server/contracts.ts';
import { claimId } from '../stores/claim-id.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import type { ObjectClaim } from './replay-object.ts';

/** The binding of a Durable Object class: what this package uses of Cloudflare's `DurableObjectNamespace`. */
export type ReplayNamespace = {
  idFromName(name: string): unknown;
  get(id: unknown): {
    fetch(
      url: string,
      init: { readonly method: string; readonly body: string },
    ): Promise<{ readonly status: number; text(): Promise<string> }>;
  };
};

/** Among how many objects nonces are spread, and how long a claim may take. */
export type DurableObjectReplayOptions = {
  /** How many objects share the nonces. To change it, or `prefix`, is to forget what has been seen. @default 8 */
  readonly shards?: number;
  /** What the names of the objects begin with. @default 'countersign-' */
  readonly prefix?: string;
  /** After how many milliseconds without an answer a request is refused. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch; the verifier's. @default Date.now */
  readonly clock?: () => number;
};

/**
 * Remembers nonces in Durable Objects of a class of yours that passes its requests on to {@link replayObject}. Which
 * object has a nonce is told by a hash of it, so two claims of one meet in one object, wherever they come from.
 *
 * @throws SignatureError `invalid_configuration`; and (its `claim`) `replay_store_full` where an object has no room,
 * `replay_store_unavailable` where it gives no answer in time, or may have forgotten nonces early.
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
      const until = Math.ceil(expiresAt);
      if (!(until > now && Number.isSafeInteger(until))) {
        unavailable('The replay store and the verifier must have the same clock.');
      }
      const id = claimId(accessKey, nonce);
      const name = `${prefix}${Number.parseInt(id.slice(0, 8), 16) % shards}`;
      const answer = await withTimeout(
        asked(namespace, name, { id, owner: claimId(accessKey, ''), now, expiresAt: until }),
        timeout,
      ).catch(refused);
      if (answer === 'fresh' || answer === 'seen') return answer;
      if (answer === 'full') fail('replay_store_full', 'A Durable Object has no room: raise its capacity.', 503);
      if (answer === 'crowded') crowded();
      if (answer === 'forgotten')
        unavailable('A Durable Object has forgotten nonces early: its clock is, or was, ahead.');
      return unavailable(
        'The Durable Object gave no answer that is one: does its class pass fetch on to replayObject?',
      );
    },
  };
}

async function asked(namespace: ReplayNamespace, name: string, claim: ObjectClaim): Promise<string> {
  // A stub made anew each time: one whose object has failed stays broken.
  const object = namespace.get(namespace.idFromName(name));
  const answer = await object.fetch('https://countersign.invalid/claim', {
    method: 'POST',
    body: JSON.stringify(claim),
  });
  const text = await answer.text();
  return answer.status === 200 ? text : unavailable(`The Durable Object responds with the status ${answer.status}.`);
}

const crowded = (): never =>
  fail(
    'replay_store_full',
    'The access key has as many long-lived nonces in a Durable Object as one may have: let its signatures end sooner, or raise longLivedPerKey.',
    503,
  );

const refused = (cause: unknown): never => {
  if (cause instanceof SignatureError) throw cause;
  return unavailable(toStoreError('The Durable Object', cause), cause);
};

const unavailable = (message: string, cause?: unknown): never => fail('replay_store_unavailable', message, 503, cause);
