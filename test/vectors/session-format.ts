/** A chain of sessions: how each link's access key and secret come about, for other implementations. */
export type SessionCase = {
  readonly name: string;
  readonly parent: { readonly accessKey: string; readonly secret: string };
  readonly links: ReadonlyArray<{
    /** The JSON of the claims. */
    readonly claims: string;
    readonly accessKey: string;
    readonly secret: string;
  }>;
};

/** An access key that a verifier refuses before it looks up a key. */
export type MalformedCase = { readonly name: string; readonly rule: string; readonly accessKey: string };

/** A request of a session whose signature is valid, and what a verifier finds. */
export type SessionRequestCase = {
  readonly name: string;
  readonly claims: readonly string[];
  /** Seconds since the epoch. */
  readonly now: number;
  readonly method: string;
  /** Path and query as on the wire. */
  readonly target: string;
  readonly origin?: string;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
};

export type SessionVectors = {
  readonly about: string;
  /** Seconds. */
  readonly tolerance: number;
  readonly maxLifetime: number;
  readonly derive: readonly SessionCase[];
  readonly malformed: readonly MalformedCase[];
  readonly requests: readonly SessionRequestCase[];
};
