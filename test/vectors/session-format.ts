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

/** The access key of a session that is bound to a key pair, of which the last part is its tag. */
export type BoundCase = {
  readonly name: string;
  readonly parent: { readonly accessKey: string; readonly secret: string };
  /** The JSON of the claims. */
  readonly claims: string;
  readonly accessKey: string;
};

/** A request that is signed by `rfc9421` under the access key of a bound session of the parent `shop`, and what a verifier finds. */
export type BoundRequestCase = {
  readonly name: string;
  readonly accessKey: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly method: string;
  /** Path and query as on the wire. */
  readonly target: string;
  /** The member of Signature-Input, after its label. */
  readonly signatureInput: string;
  /** The signature base, RFC 9421 section 2.5. */
  readonly base: string;
  /** In base64. */
  readonly signature: string;
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
  readonly bound: readonly BoundCase[];
  readonly boundRequests: readonly BoundRequestCase[];
};
