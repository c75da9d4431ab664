import type { Secret } from './credentials.ts';
import type { HeaderView, Message } from './message.ts';
import type { Finding } from './scheme-finding.ts';
import type { Hmac, SigningKey } from './signing-key.ts';

/** The body of a request, in the form that a signature needs. */
export type SignedBody =
  | { readonly kind: 'none' }
  /** The caller chose to leave a streamed body unsigned. */
  | { readonly kind: 'unsigned' }
  /** The caller has set a header with the digest of the body, because only the caller can read that body. */
  | { readonly kind: 'declared' }
  /** For schemes that sign the digest. */
  | { readonly kind: 'digest'; readonly sha256: Uint8Array }
  /** For schemes that sign the bytes. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** Everything that a signature is computed from, except the key. */
export type SignatureInput = {
  readonly message: Message;
  readonly accessKey: string;
  /** The algorithm of the key, for schemes that send it; undefined if the key is unknown, as when a string to sign is only displayed. */
  readonly algorithm?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  readonly body: SignedBody;
  /** Names of additional headers to sign, as returned by {@link SigningScheme.signableHeaders}. */
  readonly signedHeaders: readonly string[];
  /** The session token of temporary credentials, for schemes that send one. */
  readonly sessionToken?: string | undefined;
  /** The challenge of the server, for schemes that sign one. */
  readonly challenge?: string | undefined;
};

/** The string to sign; text is signed as its UTF-8 bytes. */
export type ToSign = string | Uint8Array;

/** Derives the key of one signature from the key of the caller. */
export type DeriveKey = (key: SigningKey) => SigningKey | Promise<SigningKey>;

/** A string to sign, and functions that place its signature in the request. */
export type PreparedSignature = {
  readonly stringToSign: ToSign;
  readonly deriveKey?: DeriveKey;
  /** Returns the headers that carry the signature and everything else that a verifier needs. */
  headers(signature: Uint8Array): Record<string, string>;
  /** For schemes with `withTarget`: returns the path and query to send, without the parameters of an older signature. */
  target?(signature: Uint8Array): string;
};

/** A new path and query for a request. */
export type NewAddress = {
  /** Path and query, sent byte for byte. */
  readonly target: string;
  /** The body, if it is in memory: not every runtime can move the body of one Request to another. */
  readonly body: Uint8Array | undefined;
};

/** The signing half of a scheme. */
export type SigningScheme = {
  readonly name: string;
  /** Every request header that the scheme may set, in lower case. The first, if any, is present in every signed request. */
  readonly fields: readonly string[];
  /** The form of the body that is signed: its SHA-256, its bytes, or nothing. */
  readonly body: 'digest' | 'bytes' | 'none';
  /**
   * Creates the signing key for a secret. Called once per key.
   *
   * @param hmac makes HMAC-SHA256 keys. A verifier passes that of `node:crypto`. @default that of `@noble/hashes`
   * @throws SignatureError `invalid_credentials` for a secret that the scheme cannot use.
   */
  createKey(secret: Secret, hmac?: Hmac): SigningKey;
  /**
   * Checks and sorts the names of additional headers to sign. Called once per signer.
   *
   * @throws SignatureError `invalid_configuration` for a name that cannot be signed.
   */
  signableHeaders(names: readonly string[]): readonly string[];
  /** Whether the headers already contain a digest of the body, set by the caller. */
  declaresBody(headers: HeaderView): boolean;
  /** Whether every signature covers a challenge, so that no server carries out a request that covers none it issued. @default false */
  readonly requiresChallenge?: boolean;
  /** Rebuilds the request with a new path and query. Set by schemes that sign in the query; the others don't bundle this code. */
  readonly withTarget?: (request: Request, to: NewAddress) => Promise<Request>;
  /**
   * @throws SignatureError `missing_header` if a header to sign is absent, `invalid_request` for values that cannot be signed,
   * `invalid_configuration` for a nonce or time that the scheme cannot carry.
   */
  prepare(input: SignatureInput): PreparedSignature;
  /** Creates and reads the countersignatures of responses. @default none */
  readonly response?: ResponseScheme;
};

/** The body that a signature describes. */
export type PresentedBody =
  /** The request must have no body. */
  | { readonly kind: 'none' }
  /** The caller chose to leave the body unsigned. */
  | { readonly kind: 'unsigned' }
  /** The scheme never signs bodies: its finding `body-unsigned`. */
  | { readonly kind: 'uncovered' }
  /** The string to sign contains the body. */
  | { readonly kind: 'signed' }
  | { readonly kind: 'digest'; readonly sha256: Uint8Array }
  | { readonly kind: 'bytes'; readonly matches: (bytes: Uint8Array) => boolean | Promise<boolean> };

/** A signature that a verifier has read from a request and not yet verified. */
export type PresentedSignature = {
  /** Undefined if the scheme carries none, as for webhooks; then the caller is known from the context. */
  readonly accessKey: string | undefined;
  /** The algorithm that the signature states; it must be that of the key. */
  readonly algorithm?: string | undefined;
  /** When the signature was made, in milliseconds since the epoch; undefined if the scheme carries no such time. */
  readonly time: number | undefined;
  /** The period of validity that the signature itself states, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** How long before `expiresAt` the signature may be used at the earliest, in milliseconds. @default any time */
  readonly maxLifetime?: number | undefined;
  /** Undefined if the scheme has none; then no two requests may have the same string to sign. */
  readonly nonce: string | undefined;
  /** Whether the signature may be received more than once, like a presigned URL: the finding `no-nonce`. @default false */
  readonly reusable?: boolean;
  /** The challenge of the server that the signature covers. */
  readonly challenge?: string | undefined;
  /** One valid signature is enough: a caller that is rotating its secret may send several. */
  readonly signatures: readonly Uint8Array[];
  /** A function if the body itself is signed; then the body must be read before the signature can be verified. */
  readonly stringToSign: ToSign | ((body: Uint8Array) => ToSign);
  readonly deriveKey?: DeriveKey;
  /** Names of headers with a fully signed value, in lower case, beside those that carry the signature. @default [] */
  readonly signedHeaders?: readonly string[];
  readonly body: PresentedBody;
};

/** The part of a response that a countersignature covers, beside the body. */
export type SignedResponse = {
  readonly status: number;
  readonly headers: HeaderView;
  /** The signed request to which this is the response. */
  readonly request: Message;
};

/** Everything that a countersignature is computed from, except the key. */
export type ResponseInput = SignedResponse & {
  /** The access key whose secret signs the response. */
  readonly accessKey: string;
  /** The algorithm of the key, for schemes that send it. */
  readonly algorithm?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The bytes that the client will read, after any content coding is removed. */
  readonly body: Uint8Array;
  /** The SHA-256 of `body`; undefined if it is empty. */
  readonly sha256: Uint8Array | undefined;
};

/** A countersignature that a client has read from a response and not yet verified. */
export type PresentedResponse = {
  /** Milliseconds since the epoch; undefined if the countersignatures of the scheme carry no time. */
  readonly time: number | undefined;
  readonly algorithm?: string | undefined;
  readonly signature: Uint8Array;
  /** A function if the body itself is signed. */
  readonly stringToSign: ToSign | ((body: Uint8Array) => ToSign);
  readonly deriveKey?: DeriveKey;
  /** Whether this is the signed body. `sha256` is the digest of `body`, undefined if it is empty. */
  matches(body: Uint8Array, sha256: Uint8Array | undefined): boolean;
};

/** The half of a scheme that signs responses. */
export type ResponseScheme = {
  /** Every response header that may carry a countersignature, in the case in which it is written. */
  readonly fields: readonly string[];
  prepare(input: ResponseInput): Omit<PreparedSignature, 'target'>;
  /** Returns undefined if the response has no well-formed countersignature. */
  read(response: SignedResponse): PresentedResponse | undefined;
};

/** Defines how a request becomes a signature and which headers carry it. Client and server produce the same bytes. */
export type Scheme = SigningScheme & {
  /**
   * Reads a signature by a strict grammar.
   *
   * @throws SignatureError `missing_signature` if the request has no signature of this scheme; `malformed_field`,
   * `missing_header`, `invalid_request`, `insufficient_coverage`.
   */
  read(message: Message): PresentedSignature;
  /** Whether a verifier can use the public key of a caller instead of a shared secret. @default false */
  readonly publicKeys?: boolean;
  /** The weaknesses of the scheme. @default none */
  readonly findings?: readonly Finding[];
  /** Headers of refusals with status 401, which describe how to sign. @default none */
  readonly challenge?: Readonly<Record<string, string>>;
};
