import type { Credentials } from '../core/credentials.ts';
import type { FindingCode } from '../core/finding.ts';
import type { Scheme } from '../core/scheme.ts';
import type { allowUnsignedPayload } from '../core/switches.ts';
import type { AuditSink, Challenges, KeyStore, Limiter, ReplayStore } from './contracts.ts';
import type { OptionNames } from './known-options.ts';
import type { PublicAddress } from './received.ts';

/** Whose signatures are accepted, and within what limits. */
export type VerifierOptions = PublicAddress & {
  /** Where keys are looked up: `memoryKeys`, `managedKeys`, or a store of your own. */
  readonly keys: KeyStore;
  /** Where nonces are remembered: `memoryReplay` for one process, or a store that all servers share. */
  readonly replay: ReplayStore;
  /** By what a request may be signed: one scheme, or several while callers move from one to another. @default countersignV1 */
  readonly scheme?: Scheme | readonly Scheme[];
  /** What of the schemes' findings of high severity is known and accepted. @default [] */
  readonly accept?: readonly FindingCode[];
  /** Issues and checks what schemes with a challenge sign. @default none */
  readonly challenges?: Challenges;
  /**
   * The server's own private key, to sign answers with in schemes with public keys: for callers who verify with its public
   * half. @default the caller's secret
   */
  readonly responseKey?: Credentials;
  /** How far a timestamp may be from this server's time, in either direction, in seconds; finite. @default 300 */
  readonly tolerance?: number;
  /** The largest body that is read to be verified, in bytes. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Called for every attempt, and again for an accepted one that `requireScope` refuses. @default none */
  readonly audit?: AuditSink;
  /** Budgets. @default none */
  readonly limits?: LimitOptions;
  /** Accepts bodies that are not signed, where the caller says so; they are left unread. */
  readonly [allowUnsignedPayload]?: true;
};

export const verifierNames: OptionNames<VerifierOptions> = {
  keys: true,
  replay: true,
  scheme: true,
  accept: true,
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

/** What requests draw on. */
export type LimitOptions = {
  /**
   * By client address: requests draw on it that are refused before a fresh, unseen signature of a known key is found in them,
   * and while that is not known, all; those without a known address share one budget, named `unknown`. @default none
   */
  readonly byAddress?: Limiter;
  /** By access key: the others draw on it. @default none */
  readonly byKey?: Limiter;
  /** After how many milliseconds without an answer of a limiter a request is refused. @default 2000 */
  readonly timeout?: number;
  /**
   * How many bits at the front of an IPv6 address decide which budget is drawn on, 1 to 128. Whoever has one address has, as a
   * rule, all that begin with the same 64 (RFC 7421). @default 64
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
  /** A scope that the key must have. */
  readonly scope?: string;
  /** Whose signature it must be, for schemes that carry no access key, as most webhooks. @default the scheme's name */
  readonly accessKey?: string;
  /** Tells the audit that the request is let through whatever the result, as {@link reportOnly} does. @default false */
  readonly reportOnly?: boolean;
  /** Whether the answer must be countersigned: refused, before its nonce is spent, is what nobody can answer so. @default false */
  readonly countersign?: boolean;
  /**
   * `'left'` leaves a body unread of which the digest is signed, for gateways that check it while they pass it on, or that
   * never see it: `Verified.unread` says what it must be. @default 'read'
   */
  readonly body?: 'read' | 'left';
};
