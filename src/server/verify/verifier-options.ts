import type { Credentials } from '../../core/credentials.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { FindingCode } from '../../core/scheme-finding.ts';
import type { allowUnsignedPayload } from '../../core/unsafe-options.ts';
import type { AuditSink, Challenges, KeyStore, Limiter, ReplayStore, RevokedSessions } from '../contracts.ts';
import type { OptionNames } from '../known-options.ts';
import type { RefusalExplainer } from './explained-refusal.ts';
import type { PublicAddress } from './message.ts';

/** The keys and schemes that a verifier accepts, and its limits. */
export type VerifierOptions = PublicAddress & {
  /** Finds keys: `memoryKeys`, `managedKeys`, or your own store. If it throws, requests are refused with 503. */
  readonly keys: KeyStore;
  /**
   * Remembers nonces: `memoryReplay` for a single process, or a store shared by all servers (`redisReplay`, `sqlReplay`,
   * `durableObjectReplay`). With a store per server, a request can be replayed once on each other server.
   */
  readonly replay: ReplayStore;
  /** The accepted schemes: one, or several while callers migrate. @default countersignV1 */
  readonly scheme?: Scheme | readonly Scheme[];
  /** Findings of high severity that you accept. With any other such finding, `createVerifier` throws. @default [] */
  readonly acceptFindings?: readonly FindingCode[];
  /** Issues and checks challenges, for schemes that sign them; see `signedChallenges()`. @default none */
  readonly challenges?: Challenges;
  /**
   * The server's own private key for signing responses in schemes with public keys. Callers verify with its public key.
   * @default the caller's secret
   */
  readonly responseKey?: Credentials;
  /**
   * Maximum difference between a timestamp and the server's time, in either direction, in seconds. Nonces are remembered for twice
   * as long. @default 300
   */
  readonly tolerance?: number;
  /**
   * How long a request whose signature covers no time, such as a webhook of GitHub, is remembered, in seconds. After that it can be
   * replayed. @default 86400 (a day)
   */
  readonly timelessMemory?: number;
  /**
   * `'report'` accepts a request that was received before, and sets `duplicate` of the result: for webhooks, whose senders repeat a
   * delivery until it gets a response of status 200. The handler must then do nothing twice. @default 'refuse'
   */
  readonly duplicates?: 'refuse' | 'report';
  /** Maximum size of a body that is read for verification, in bytes. Larger ones are refused with 413. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** The longest life of a session, from its issue to its end, in seconds. Longer sessions are refused. @default 86400 (a day) */
  readonly maxSessionLifetime?: number;
  /** Sessions that ended before their time, such as `memoryRevokedSessions()`. @default none: a session lasts until its end */
  readonly revokedSessions?: RevokedSessions;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /**
   * Called for every attempt, and again if `requireScope` refuses an accepted one. Not awaited. @default none
   */
  readonly audit?: AuditSink;
  /**
   * Explains refusals to callers of keys whose record has `explain`, such as `explainRefusals()` of `countersign/explain`.
   * Without it, they get the string to sign alone. @default none
   */
  readonly explain?: RefusalExplainer;
  /** Rate limits by address, by key and by subject. Requests above them are refused with 429. @default none */
  readonly limits?: LimitOptions;
  /** Accepts bodies that the caller declares as unsigned. Anyone in between can change them. @default absent */
  readonly [allowUnsignedPayload]?: true;
};

export const verifierNames: OptionNames<VerifierOptions> = {
  keys: true,
  replay: true,
  scheme: true,
  acceptFindings: true,
  challenges: true,
  responseKey: true,
  tolerance: true,
  timelessMemory: true,
  duplicates: true,
  maxBodyBytes: true,
  maxSessionLifetime: true,
  revokedSessions: true,
  clock: true,
  audit: true,
  explain: true,
  limits: true,
  publicOrigin: true,
  publicPath: true,
  trustedProxies: true,
};

/** Rate limits. */
export type LimitOptions = {
  /**
   * Per client address. Charged for requests that are refused before a fresh, unreplayed signature of a known key is found; the
   * point is consumed before verification and returned afterwards. Requests without a known address share the budget `unknown`.
   * @default none
   */
  readonly byAddress?: Limiter;
  /**
   * Per access key. Charged for requests with a fresh, unreplayed signature of a known key. A caller over its limit is refused for up to
   * a second before its body is read. @default none
   */
  readonly byKey?: Limiter;
  /**
   * Per subject of the sessions of one access key. Charged before `byKey`, for requests of sessions whose issuer named a subject. The
   * issuer chooses subjects freely, so this is no limit for the issuer. @default none
   */
  readonly bySubject?: Limiter;
  /** How long to wait for a limiter, in milliseconds; then the request is refused with 503. @default 2000 */
  readonly timeout?: number;
  /**
   * Length of the IPv6 prefix that shares one budget, in bits, 1 to 128. A client usually has all addresses with the same first
   * 64 bits (RFC 7421). @default 64
   */
  readonly ipv6Prefix?: number;
};

export const limitNames: OptionNames<LimitOptions> = {
  byAddress: true,
  byKey: true,
  bySubject: true,
  timeout: true,
  ipv6Prefix: true,
};

/** What the server knows about a request in addition to its content. */
export type VerifyContext = {
  /**
   * The remote address of the connection, for limits, key records and the audit. May be one of `trustedProxies`.
   * @default unknown
   */
  readonly address?: string;
  /** A scope that the key must have; otherwise the request is refused with `insufficient_scope`. @default none */
  readonly scope?: string;
  /** `false` refuses sessions, also those that the key's record allows: for routes that change keys. @default sessions are allowed */
  readonly sessions?: false;
  /** The access key for schemes that carry none, such as most webhooks. @default the scheme's name */
  readonly accessKey?: string;
  /** Reports refusals to the audit as `reported`, because the request is passed on anyway; see {@link reportOnly}. @default false */
  readonly reportOnly?: boolean;
  /** Requires that the response can be countersigned: otherwise the request is refused before its nonce is claimed. @default false */
  readonly countersign?: boolean;
  /**
   * `'deferred'` does not read a body whose digest is signed, for gateways that check it while forwarding it, or that never see
   * it. `Verified.expectedBody` then has the signed digest. @default 'read'
   */
  readonly body?: 'read' | 'deferred';
};
