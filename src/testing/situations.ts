import type { KeyRecord, ReplayStore } from '../server/contracts.ts';
import { signedChallenges } from '../server/response/challenges.ts';
import type { VerifierOptions } from '../server/verify/verifier-options.ts';

/** The values that responses show. Times in milliseconds since the epoch. */
export type SituationValues = {
  /** The time of the request. */
  readonly now: number;
  /** In seconds. */
  readonly retryAfter: number;
  readonly retiresAt: number;
};

/** What distinguishes a situation from a server that accepts the request and countersigns its response. */
export type Conditions = {
  /** Whether the server accepts the request. @default false */
  readonly accepted?: true;
  /** How far the server's clock is ahead of the request, in milliseconds. @default 0 */
  readonly ahead?: number;
  /** Changes the record of the key. */
  readonly key?: (record: KeyRecord, values: SituationValues) => KeyRecord;
  /** Options of the verifier. */
  readonly verifier?: (values: SituationValues) => Partial<VerifierOptions>;
  /** The server requires a scope that the key does not have. */
  readonly scoped?: true;
  /** What happens in transit. */
  readonly transit?: 'request loses its signature' | 'response loses its signature' | 'response is changed';
};

const hour = 3_600_000;

const withReplay = (claim: ReplayStore['claim']): Conditions => ({ verifier: () => ({ replay: { claim } }) });

const fails = (): never => {
  throw new Error('The store does not respond.');
};

const ended = (record: KeyRecord, { retiresAt: expiresAt }: SituationValues): KeyRecord => ({
  ...record,
  secrets: record.secrets.map((secret) => ({ ...secret, ...held(secret), expiresAt })),
});

/** A secret may not be enumerable, so spreading would lose it. */
const held = ({ secret }: KeyRecord['secrets'][number]): object => (secret === undefined ? {} : { secret });

/** The name of a situation. A refusal has the code that its response states. */
export type Situation =
  | 'accepted'
  | 'retiring_secret'
  | 'unsigned_response'
  | 'changed_response'
  | 'missing_signature'
  | 'invalid_signature'
  | 'stale_timestamp'
  | 'future_timestamp'
  | 'invalid_challenge'
  | 'expired_key'
  | 'inactive_key'
  | 'revoked_key'
  | 'address_not_allowed'
  | 'insufficient_scope'
  | 'replayed_request'
  | 'body_too_large'
  | 'rate_limited'
  | 'limiter_unavailable'
  | 'key_store_unavailable'
  | 'replay_store_unavailable';

/** Every situation. */
export const situations: Readonly<Record<Situation, Conditions>> = {
  accepted: { accepted: true },
  retiring_secret: { accepted: true, key: ended },
  unsigned_response: { accepted: true, transit: 'response loses its signature' },
  changed_response: { accepted: true, transit: 'response is changed' },
  missing_signature: { transit: 'request loses its signature' },
  invalid_signature: { verifier: () => ({ keys: { find: () => undefined } }) },
  stale_timestamp: { ahead: hour },
  future_timestamp: { ahead: -hour },
  invalid_challenge: { verifier: ({ now }) => ({ challenges: signedChallenges({ clock: () => now }) }) },
  expired_key: { key: (record, { now }) => ({ ...record, expiresAt: now }) },
  inactive_key: { key: (record, { now }) => ({ ...record, notBefore: now + hour }) },
  revoked_key: { key: (record) => ({ ...record, revoked: true }) },
  // A range for documentation, RFC 5737.
  address_not_allowed: { key: (record) => ({ ...record, addresses: ['192.0.2.1'] }) },
  insufficient_scope: { scoped: true, key: (record) => ({ ...record, scopes: [] }) },
  replayed_request: withReplay(() => 'seen'),
  body_too_large: { verifier: () => ({ maxBodyBytes: 0 }) },
  rate_limited: {
    verifier: ({ retryAfter }) => ({
      limits: { byKey: { points: 100, duration: 60, consume: () => Promise.reject(exhausted(retryAfter)) } },
    }),
  },
  limiter_unavailable: { verifier: () => ({ limits: { byKey: { consume: async () => fails() } } }) },
  key_store_unavailable: { verifier: () => ({ keys: { find: fails } }) },
  replay_store_unavailable: withReplay(fails),
};

/** What a limiter rejects with. */
const exhausted = (retryAfter: number): object => ({ msBeforeNext: retryAfter * 1000, remainingPoints: 0 });
