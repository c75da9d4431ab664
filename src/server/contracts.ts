import type { PlatformKey, Secret } from '../core/credentials.ts';
import type { SignatureErrorCode } from '../core/errors.ts';

/**
 * One of a key's shared secrets, or one of its public keys, whose private half only the caller has. During a rotation a
 * key has two.
 */
export type KeySecret = {
  /** Identifies the secret within the key; reported to the audit as `secretId`. @default none */
  readonly id?: string;
  /** Restricts the secret to one scheme, for keys with a different secret per scheme. @default every scheme of the verifier */
  readonly scheme?: string;
  /** Not valid before this time, in milliseconds since the epoch. @default none */
  readonly notBefore?: number;
  /** Not valid from this time on, in milliseconds since the epoch. @default none */
  readonly expiresAt?: number;
} & (
  | {
      /** A string (its UTF-8 bytes are the key), bytes, or a CryptoKey for HMAC; at least 16 bytes. */
      readonly secret: Secret;
      readonly publicKey?: never;
    }
  /** A CryptoKey of type `public`. A separate property, so that a public key can never be used as a shared secret or vice versa. */
  | { readonly publicKey: PlatformKey; readonly secret?: never }
);

/** The provider's record of an access key. */
export type KeyRecord = {
  /** Public name of the caller, which every request carries: 1 to 512 of A-Z a-z 0-9 . _ ~ - */
  readonly accessKey: string;
  /** The owner of the key. Becomes the principal's `service`. */
  readonly service: string;
  /** Secrets or public keys, at least one. The verifier tries each that is valid now, so keep the list short. */
  readonly secrets: readonly KeySecret[];
  /** For example `live` or `test`. Becomes the principal's `environment`. @default none */
  readonly environment?: string;
  /** Permissions of the key, which the option `scope` and `requireScope` check. @default [] */
  readonly scopes?: readonly string[];
  /** Requests before this time are refused, in milliseconds since the epoch. @default none */
  readonly notBefore?: number;
  /** Requests from this time on are refused with `expired_key`, in milliseconds since the epoch. @default none */
  readonly expiresAt?: number;
  /** Refuses every request of the key with `revoked_key`. @default false */
  readonly revoked?: boolean;
  /** Names of the schemes that the key may sign with. @default every scheme of the verifier */
  readonly schemes?: readonly string[];
  /** Names of the algorithms that the key may sign with. @default every algorithm of the scheme */
  readonly algorithms?: readonly string[];
  /** Client addresses that may use the key: IPv4 and IPv6 addresses and CIDR ranges. @default any */
  readonly addresses?: readonly string[];
  /** When the key was created, in milliseconds since the epoch. Informational: the verifier ignores it. */
  readonly createdAt?: number;
  /** When the key was last used, in milliseconds since the epoch. Informational: the verifier ignores it. */
  readonly lastUsedAt?: number;
  /**
   * Returns the precise reason of a refusal to callers of this key, with the string to sign, and with the option `explain` of the
   * verifier also what differs; for development. @default false
   */
  readonly explain?: boolean;
  /**
   * `false` refuses all sessions of the key. `maxLifetime` is the longest life of one, in seconds, if that is less than the verifier
   * allows. @default sessions are allowed
   */
  readonly sessions?: false | { readonly maxLifetime: number };
};

/** Finds keys. If it throws, the request is refused with 503. */
export type KeyStore = {
  find(accessKey: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  /** Called when a key has been used, at most once a minute per key and verifier. Its result is not awaited. */
  touch?(accessKey: string, at: number): void | Promise<void>;
};

/**
 * Remembers nonces. A claim must be one atomic insert. A store that is full or unreachable must throw: the request is then
 * refused with 503, never accepted.
 */
export type ReplayStore = {
  /**
   * @param expiresAt until when to remember the nonce, in milliseconds since the epoch.
   * @param notBefore no verifier can have accepted the request before this time, in milliseconds since the epoch. A store that knows that
   * it has lost nonces since then must throw. @default unknown
   */
  claim(accessKey: string, nonce: string, expiresAt: number, notBefore?: number): ReplayClaim | Promise<ReplayClaim>;
};

/** `fresh`: this call alone claimed the nonce. `seen`: the nonce was claimed before. */
export type ReplayClaim = 'fresh' | 'seen';

/** Values that a server issues for callers to sign, which prove that a request was signed after the challenge was issued. */
export type Challenges = {
  /** How long a challenge is accepted after its issue, in seconds. The verifier remembers used challenges for as long. */
  readonly lifetime: number;
  /** Returns a new challenge: 1 to 512 characters of A-Z a-z 0-9 . _ ~ + / = - */
  issue(): string;
  /** True if this server issued the challenge and it has not expired. */
  accepts(challenge: string): boolean;
};

/** A rate limiter with a budget per key. The limiters of rate-limiter-flexible have this shape. */
export type Limiter = {
  /**
   * Consumes one point. Resolves to an object whose `remainingPoints`, if any, is sent to the caller. Rejects with
   * `{ msBeforeNext }` (the wait in milliseconds) when the budget is exhausted, and with an `Error` when the limiter is
   * unavailable: the request is then refused with 503.
   */
  consume(key: string): Promise<unknown>;
  /** Returns one point. An address limiter without it counts every request, not only the failed ones. */
  reward?(key: string): Promise<unknown>;
  /** Points per `duration`, sent to callers. */
  readonly points?: number;
  /** The period in seconds; 0 if points never come back. */
  readonly duration?: number;
};

/** Sessions that ended before their time. Asked for requests of sessions only, after their signature was verified. */
export type RevokedSessions = {
  /**
   * True if a session with this id was revoked. A store that cannot find out must throw: the request is then refused with 503, never
   * accepted.
   *
   * It has two seconds for each session: then the request is refused as well.
   */
  has(session: AskedSession): boolean | Promise<boolean>;
};

/** The session that a store of revoked sessions is asked for. */
export type AskedSession = {
  /** Of the parent. Another parent can issue a session with the same id. */
  readonly accessKey: string;
  readonly id: string;
  /**
   * The session was issued after this time, in milliseconds since the epoch: so a store need not have remembered for longer.
   * @default unknown
   */
  readonly issuedAfter?: number;
};

/**
 * A verified session, as the holder of the parent's secret issued it. Sessions that its holders narrowed from it have the same values.
 */
export type PrincipalSession = {
  readonly id: string;
  /** For whom the session was issued, percent-encoded as in the access key; undefined if the issuer named nobody. */
  readonly subject: string | undefined;
  /** In milliseconds since the epoch, like `expiresAt`. */
  readonly issuedAt: number;
  /** A narrowed session can end earlier. */
  readonly expiresAt: number;
  /** True if the session is bound to a key pair. */
  readonly bound: boolean;
};

/** The verified caller. */
export type Principal = {
  readonly accessKey: string;
  readonly service: string;
  readonly environment: string | undefined;
  /** Of a session: the scopes that both it and its parent have. */
  readonly scopes: readonly string[];
  /** Present if a session signed the request. `accessKey` is then that of its parent. */
  readonly session?: PrincipalSession;
};

/** The members of every audit event. */
type AuditedAttempt = {
  /** When verification ended, in milliseconds since the epoch, by the verifier's clock. */
  readonly time: number;
  /** How long verification took, in milliseconds with fractions, including the wait for the body and the stores. */
  readonly duration: number;
  /** Cut to 64 characters. */
  readonly method: string;
  /** Without the query. Cut to 2,048 characters for an accepted request, otherwise to 256. */
  readonly path: string;
  /**
   * As the request states it; proven only if the outcome is `accepted`. An unknown access key is cut to 64 characters. Of a session:
   * the access key of its parent.
   */
  readonly accessKey: string | undefined;
  /** The id of the session as it was issued, also if its holder narrowed it, if the access key is one of a session; proven only if the outcome is `accepted`. */
  readonly sessionId?: string;
  /** The subject of the session, if it has one. */
  readonly subject?: string;
  /** The owner of the key, if the access key is known. */
  readonly service: string | undefined;
  /** The name of the scheme of the signature, or of the apparent scheme. */
  readonly scheme: string | undefined;
  /** The `id` of the secret that made the signature, if it has one. */
  readonly secretId: string | undefined;
  /** Cut to 64 characters unless the outcome is `accepted`. */
  readonly nonce: string | undefined;
  readonly address: string | undefined;
};

/** The request is fresh, not replayed, unmodified and signed with an active secret. */
export type AcceptedEvent = AuditedAttempt & {
  readonly outcome: 'accepted';
  readonly code: undefined;
  readonly message: undefined;
};

/** The request was refused. */
export type RefusedEvent = AuditedAttempt & {
  readonly outcome: 'refused';
  /** The precise reason. The response may have had a coarser code. */
  readonly code: SignatureErrorCode;
  /**
   * The precise reason as a sentence. With a status of 5xx also the cause: the first 200 characters of its message, without anything
   * that looks like a secret.
   */
  readonly message: string;
};

/** The verifier found a reason to refuse, but passed the request on because it runs in report-only mode. */
export type ReportedEvent = Omit<RefusedEvent, 'outcome'> & { readonly outcome: 'reported' };

/** One verification attempt. Never contains a secret, a signature, the body, or the query, since a query may carry these. */
export type AuditEvent = AcceptedEvent | RefusedEvent | ReportedEvent;

/**
 * Called once per attempt, and once more with the outcome `refused` if `requireScope` refuses an accepted request. Exceptions
 * and rejections are ignored: a failing audit must not fail the request.
 */
export type AuditSink = (event: AuditEvent) => void | Promise<void>;
