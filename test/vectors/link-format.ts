/** A link to sign, stage by stage. */
export type LinkCase = {
  readonly name: string;
  readonly accessKey: string;
  readonly secret: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds. */
  readonly expiresIn: number;
  /** Absent: the link may be used more than once. */
  readonly nonce?: string;
  readonly method: string;
  /** As the URL Standard serialises it. */
  readonly url: string;
  readonly stringToSign: string;
  /** In lower-case hex. */
  readonly mac: string;
  readonly link: string;
};

/** A received request, and what a verifier finds. */
export type ReceivedLinkCase = {
  readonly name: string;
  readonly rule: string;
  readonly now: number;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Path and query as on the wire. */
  readonly target: string;
  /** Whether the same request was received before. */
  readonly again?: true;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
};

export type LinkVectors = {
  readonly about: string;
  /** Seconds. */
  readonly tolerance: number;
  readonly maxLifetime: number;
  readonly keys: ReadonlyArray<{ readonly accessKey: string; readonly secret: string }>;
  readonly sign: readonly LinkCase[];
  readonly verify: readonly ReceivedLinkCase[];
};
