import type { Credentials } from '../../core/credentials.ts';
import type { FindingCode } from '../../core/finding.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { allowUnsignedPayload } from '../../core/unsafe-options.ts';
import type { AuditSink, Challenges, KeyStore, Limiter, ReplayStore } from '../contracts.ts';
import type { OptionNames } from '../known-options.ts';
import type { PublicAddress } from './message.ts';

/** Which signatures are accepted, and within what limits. */
export type VerifierOptions = PublicAddress & {
  /** Where keys are looked up: `memoryKeys`, `managedKeys`, or a store of your own. A store that throws refuses requests with 503. */
  readonly keys: KeyStore;
  /**
   * Where nonces are remembered: `memoryReplay` for one process, or a store that all servers share (`redisReplay`, `sqlReplay`,
   * `durableObjectReplay`). With a store for each server, a request can be replayed once at each.
   */
  readonly replay: ReplayStore;
  /** The schemes by which a request may be signed: one, or several while callers move from one to another. @default countersignV1 */
  readonly scheme?: Scheme | readonly Scheme[];
  /** Weaknesses of a scheme (findings of high severity) that you accept; others make `createVerifier` throw. @default [] */
  readonly acceptFindings?: readonly FindingCode[];
  /** Issues and checks what schemes with a challenge sign, as `signedChallenges()` does. @default none */
  readonly challenges?: Challenges;
  /**
   * The server's own private key, to sign answers with in schemes with public keys: for callers who verify with its public
   * half. @default the caller's secret
   */
  readonly responseKey?: Credentials;
  /**
   * How far a timestamp may be from this server's time, in either direction, in seconds. Nonces are remembered for twice as long.
   * @default 300
   */
  readonly tolerance?: number;
  /** The largest body that is read to be verified, in bytes; a larger one is refused with 413. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /**
   * Called for every attempt, and again for an accepted one that `requireScope` refuses. It is not waited for. @default none
   */
  readonly audit?: AuditSink;
  /** Budgets by address and by key; above them, requests are refused with 429. @default none */
  readonly limits?: LimitOptions;
  /** Accepts bodies that are not signed, where the caller says so: anyone on the way can then change them. @default absent */
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
  maxBodyBytes: true,
  clock: true,
  audit: true,
  limits: true,
  publicOrigin: true,
  publicPath: true,
  trustedProxies: true,
};

/** The budgets that requests draw on. */
export type LimitOptions = {
  /**
   * By client address: requests draw on it that are refused before a fresh, unseen signature of a known key is found in them,
   * and while that is not known, all; those without a known address share one budget, named `unknown`. @default none
   */
  readonly byAddress?: Limiter;
  /** By access key: requests with a fresh, unseen signature of a known key draw on it. @default none */
  readonly byKey?: Limiter;
  /** How long a limiter is waited for, in milliseconds; then the request is refused with 503. @default 2000 */
  readonly timeout?: number;
  /**
   * How many bits at the front of an IPv6 address decide which budget is drawn on, 1 to 128. As a rule, one client has all
   * addresses that begin with the same 64 (RFC 7421). @default 64
   */
  readonly ipv6Prefix?: number;
};

export const limitNames: OptionNames<LimitOptions> = { byAddress: true, byKey: true, timeout: true, ipv6Prefix: true };

/** What is known of a request beside what it says itself. */
export type VerifyContext = {
  /**
   * Where the request came from, for limits, key records and audit: the other end of the connection, which may be one of
   * `trustedProxies`. @default unknown
   */
  readonly address?: string;
  /** A scope that the key must have, or the request is refused with `missing_scope`. @default none */
  readonly scope?: string;
  /** Whose signature it must be, for schemes that carry no access key, as most webhooks. @default the scheme's name */
  readonly accessKey?: string;
  /** Tells the audit that the request is let through whatever the result, as {@link reportOnly} does. @default false */
  readonly reportOnly?: boolean;
  /** Whether the answer must be countersigned: refused, before its nonce is spent, is what nobody can answer so. @default false */
  readonly countersign?: boolean;
  /**
   * `'deferred'` leaves a body unread of which the digest is signed, for gateways that check it while they pass it on, or that
   * never see it: `Verified.unread` says what it must be. @default 'read'
   */
  readonly body?: 'read' | 'deferred';
};
