/** Bytes: as text (its UTF-8 bytes), as base64, or by a rule where they are many. */
export type Bytes =
  | { readonly utf8: string }
  | { readonly base64: string }
  | { readonly repeat: { readonly utf8: string; readonly times: number } };

export type Pairs = readonly (readonly [name: string, value: string])[];

/** A request as it goes on the wire; names and values of its headers, but those that the case is to make. */
export type WireRequest = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Path and query as the caller wrote them, or a server received them. */
  readonly target: string;
  readonly headers: Pairs;
  readonly body?: Bytes;
};

export type SignCase = {
  readonly name: string;
  /** What the case is about. */
  readonly rule: string;
  readonly credentials: { readonly accessKey: string; readonly secret: Bytes };
  /** Seconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  /** As the caller names them. */
  readonly signedHeaders: readonly string[];
  readonly request: WireRequest & {
    /** The same request for an API that takes URLs; absent where the URL Standard would change the target. */
    readonly url?: string;
    /** The caller leaves the body out of the signature. */
    readonly unsignedBody?: true;
  };
  readonly stages: {
    readonly message: { readonly method: string; readonly authority: string; readonly target: string };
    /** A Content-Digest value, or empty. */
    readonly contentDigest: string;
    readonly stringToSign: string;
    /** In hex. */
    readonly mac: string;
    /** What the signer adds. */
    readonly headers: Pairs;
  };
};

export type VectorKey = {
  readonly accessKey: string;
  /** Times are seconds since the epoch. */
  readonly secrets: readonly { readonly secret: Bytes; readonly notBefore?: number; readonly expiresAt?: number }[];
  readonly notBefore?: number;
  readonly expiresAt?: number;
  readonly revoked?: true;
};

export type VerifyCase = {
  readonly name: string;
  readonly rule: string;
  /** A case that the same verifier has judged before. */
  readonly after?: string;
  /** The verifier's time, in seconds since the epoch. */
  readonly now: number;
  readonly verifier: {
    /** In seconds. */
    readonly tolerance: number;
    readonly maxBodyBytes: number;
    readonly allowUnsignedPayload: boolean;
  };
  readonly received: WireRequest;
  readonly outcome:
    | { readonly accepted: true }
    | {
        readonly accepted: false;
        /** The precise reason. */
        readonly code: string;
        /** What the caller may be told. */
        readonly publicCode: string;
        readonly status: number;
      };
};

/** A countersigned response as the server makes it. */
export type RespondCase = {
  readonly name: string;
  readonly rule: string;
  readonly secret: Bytes;
  /** The X-API-Signature value of the request that is answered. */
  readonly requestSignature: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly response: {
    readonly status: number;
    readonly contentType: string;
    /** Further ones. @default none */
    readonly headers?: Pairs;
    readonly body?: Bytes;
  };
  readonly stages: {
    /** An Unencoded-Digest value, or empty. */
    readonly unencodedDigest: string;
    readonly stringToSign: string;
    readonly mac: string;
    readonly headers: Pairs;
  };
};

/** A response as a client received it. */
export type CheckCase = {
  readonly name: string;
  readonly rule: string;
  readonly secret: Bytes;
  readonly requestSignature: string;
  readonly received: { readonly status: number; readonly headers: Pairs; readonly body?: Bytes };
  readonly outcome: { readonly accepted: true } | { readonly accepted: false; readonly code: string };
};

export type Vectors = {
  readonly $schema: string;
  readonly scheme: 'countersign-v1';
  readonly about: readonly string[];
  /** What the verifier of the verify cases knows. */
  readonly keys: readonly VectorKey[];
  readonly sign: readonly SignCase[];
  readonly verify: readonly VerifyCase[];
  readonly respond: readonly RespondCase[];
  readonly check: readonly CheckCase[];
};

/** The bytes that are meant; for every runtime. */
export function bytesOf(bytes: Bytes | undefined): Uint8Array<ArrayBuffer> {
  if (!bytes) return new Uint8Array();
  if ('base64' in bytes) return Uint8Array.from(atob(bytes.base64), (character) => character.charCodeAt(0));
  return new TextEncoder().encode('utf8' in bytes ? bytes.utf8 : bytes.repeat.utf8.repeat(bytes.repeat.times));
}
