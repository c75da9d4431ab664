import type { PlatformKey, Secret } from '../core/credentials.ts';
import type { SignatureErrorCode } from '../core/errors.ts';

/**
 * One of a key's secrets, or of its public keys, whose private halves the caller alone holds. While a secret is being
 * changed, a key has two.
 */
export type KeySecret = {
  /** Which of the key's secrets it is, for audits. @default none */
  readonly id?: string;
  /** The name of the one scheme that it is for, where a key has others for others. @default every scheme of the verifier */
  readonly scheme?: string;
  /** Verifies nothing before this time, in milliseconds since the epoch. @default none */
  readonly notBefore?: number;
  /** Verifies nothing from this time on, in milliseconds since the epoch. @default none */
  readonly expiresAt?: number;
} & (
  | {
      /** A text (its UTF-8 bytes are the key), bytes, or a CryptoKey for HMAC; at least 16 bytes. */
      readonly secret: Secret;
      readonly publicKey?: never;
    }
  /** A CryptoKey of type `public`: it can never be taken for a shared secret, nor a shared secret for it. */
  | { readonly publicKey: PlatformKey; readonly secret?: never }
);

/** What a provider knows of an access key. */
export type KeyRecord = {
  /** The public name of the caller, which requests carry: 1 to 512 of A-Z a-z 0-9 . _ ~ - */
  readonly accessKey: string;
  /** Who owns the key; becomes the principal's `service`. */
  readonly service: string;
  /** Secrets or public keys, at least one. Each that is valid now is tried, so keep few. */
  readonly secrets: readonly KeySecret[];
  /** Becomes the principal's `environment`, as in `live` or `test`. @default none */
  readonly environment?: string;
  /** What the key may be used for: the `scope` option and `requireScope` look here. @default [] */
  readonly scopes?: readonly string[];
  /** Requests before this time are refused, in milliseconds since the epoch. @default none */
  readonly notBefore?: number;
  /** Requests from this time on are refused with `expired_key`, in milliseconds since the epoch. @default none */
  readonly expiresAt?: number;
  /** Refuses every request of the key with `revoked_key`. @default false */
  readonly revoked?: boolean;
  /** Names of the schemes by which the key may sign. @default all that the verifier takes */
  readonly schemes?: readonly string[];
  /** Names of the algorithms that the key may sign with. @default all that the scheme knows */
  readonly algorithms?: readonly string[];
  /** Where the key may be used from: addresses and CIDR ranges, IPv4 and IPv6. @default anywhere */
  readonly addresses?: readonly string[];
  /** For lists of keys: when it was made, in milliseconds since the epoch. The verifier does not look at it. */
  readonly createdAt?: number;
  /** For lists of keys: when it was last used, in milliseconds since the epoch. The verifier does not look at it. */
  readonly lastUsedAt?: number;
  /** Tells this key's callers the precise reason of a refusal; for development. @default false */
  readonly explain?: boolean;
};

/** Where keys are looked up. May throw when it cannot tell: then requests are refused with 503. */
export type KeyStore = {
  find(accessKey: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  /** Told, and not waited for, when a key has been used; at most once a minute for each key by each verifier. */
  touch?(accessKey: string, at: number): void | Promise<void>;
};

/**
 * Where nonces are remembered. Claiming must be one atomic insert. A store that is full or out of reach must throw: then
 * the request is refused with 503, never accepted.
 */
export type ReplayStore = {
  /** @param expiresAt until when the nonce must be remembered, in milliseconds since the epoch. */
  claim(accessKey: string, nonce: string, expiresAt: number): ReplayClaim | Promise<ReplayClaim>;
};

/** `fresh`: the nonce is claimed now, and only by this call. `seen`: it was claimed before. */
export type ReplayClaim = 'fresh' | 'seen';

/** Values that a server asks its callers to sign, so that no answer can have been made beforehand. */
export type Challenges = {
  /** How long after its issue one is accepted, in seconds: answers are remembered for as long. */
  readonly lifetime: number;
  /** A new one: 1 to 512 characters of A-Z a-z 0-9 . _ ~ + / = - */
  issue(): string;
  /** Whether it is one of this server's own, and within its lifetime. */
  accepts(challenge: string): boolean;
};

/** A budget for each key that it is asked for. The limiters of rate-limiter-flexible are of this shape. */
export type Limiter = {
  /**
   * Takes one. Rejects when there is nothing left, with `msBeforeNext` where known, the wait in milliseconds; with an Error
   * where it cannot tell: then the request is refused with 503. `remainingPoints` of what it resolves to is told to callers.
   */
  consume(key: string): Promise<unknown>;
  /** Gives one back. A limiter by address without it counts every request, not only those that fail. */
  reward?(key: string): Promise<unknown>;
  /** How many may be taken in `duration`: told to callers. */
  readonly points?: number;
  /** In seconds; 0 where nothing comes back. */
  readonly duration?: number;
};

/** Who the verifier says is calling. */
export type Principal = {
  readonly accessKey: string;
  readonly service: string;
  readonly environment: string | undefined;
  readonly scopes: readonly string[];
};

/** What is known of every attempt. */
type AuditedAttempt = {
  /** When it was judged, in milliseconds since the epoch, by the verifier's clock. */
  readonly time: number;
  /** How long judging it took, in milliseconds and fractions: waiting for the body and the stores is in it. */
  readonly duration: number;
  /** The first 64 characters of it. */
  readonly method: string;
  /** Without the query: the first 2,048 characters of an accepted request, 256 of others. */
  readonly path: string;
  /** As the request presented it; believed only where the outcome is `accepted`. The first 64 characters of one that is unknown. */
  readonly accessKey: string | undefined;
  /** Whose key it is, where the access key is known. */
  readonly service: string | undefined;
  /** The name of the scheme by which the request is signed, or seems to be. */
  readonly scheme: string | undefined;
  /** Which of the key's secrets made the signature, where the store names them. */
  readonly secretId: string | undefined;
  /** The first 64 characters where the outcome is not `accepted`. */
  readonly nonce: string | undefined;
  readonly address: string | undefined;
};

/** The request is fresh, unseen, whole and signed. */
export type AcceptedEvent = AuditedAttempt & {
  readonly outcome: 'accepted';
  readonly code: undefined;
  readonly message: undefined;
};

/** The request was answered with an error. */
export type RefusedEvent = AuditedAttempt & {
  readonly outcome: 'refused';
  /** The precise reason, which the caller may not have been told. */
  readonly code: SignatureErrorCode;
  /** The same for people. */
  readonly message: string;
};

/** The request would have been refused, but was let through, because the verifier only reports there. */
export type ReportedEvent = Omit<RefusedEvent, 'outcome'> & { readonly outcome: 'reported' };

/** What happened to one attempt. Never holds a secret, a signature, the body, or the query, which may hold any of them. */
export type AuditEvent = AcceptedEvent | RefusedEvent | ReportedEvent;

/**
 * Called once per attempt, and again with the outcome `refused` where `requireScope` refuses an accepted request. What it throws
 * is dropped: an audit that fails must not fail the request.
 */
export type AuditSink = (event: AuditEvent) => void | Promise<void>;
