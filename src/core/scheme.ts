import type { Secret } from './credentials.ts';
import type { Finding } from './finding.ts';
import type { HeaderView, Message } from './message.ts';
import type { SigningKey } from './signing-key.ts';

/** The body of a request, as far as a signature is concerned. */
export type SignedBody =
  | { readonly kind: 'none' }
  /** The caller chose to leave a streamed body out of the signature. */
  | { readonly kind: 'unsigned' }
  /** The caller has put the digest of a body it alone can read into the headers. */
  | { readonly kind: 'declared' }
  /** For schemes that ask for the digest. */
  | { readonly kind: 'digest'; readonly sha256: Uint8Array }
  /** For schemes that ask for the bytes. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** What a signature is made of, beside the key. */
export type SignatureInput = {
  readonly message: Message;
  readonly accessKey: string;
  /** The key's, for schemes that tell it; undefined where the key is not known, as when a string to sign is only looked at. */
  readonly algorithm?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  readonly body: SignedBody;
  /** Names of further headers to sign, as {@link SigningScheme.signableHeaders} returned them. */
  readonly signedHeaders: readonly string[];
  /** What goes with temporary credentials, where the scheme has a place for it. */
  readonly sessionToken?: string | undefined;
  /** What the server asked to be signed, for schemes that answer a challenge. */
  readonly challenge?: string | undefined;
};

/** A text is signed as its UTF-8 bytes. */
export type ToSign = string | Uint8Array;

/** The key of one signature, where the scheme derives it from the caller's. */
export type DeriveKey = (key: SigningKey) => SigningKey | Promise<SigningKey>;

/** A string to sign, and what becomes of its signature. */
export type PreparedSignature = {
  readonly stringToSign: ToSign;
  readonly deriveKey?: DeriveKey;
  /** The headers that carry the signature and all that a verifier needs beside it. */
  headers(signature: Uint8Array): Record<string, string>;
  /** For schemes with `readdress`: the path and query to send, without what an older signature left in them. */
  target?(signature: Uint8Array): string;
};

/** Where a request goes instead. */
export type NewAddress = {
  /** Path and query, to the byte. */
  readonly target: string;
  /** The body, where it is in memory: not every runtime lets a request's own be taken over. */
  readonly body: Uint8Array | undefined;
};

/** The signing half of a scheme. */
export type SigningScheme = {
  readonly name: string;
  /** Every request header that the scheme may set, in lower case; the first, if any, is in every signed request. */
  readonly fields: readonly string[];
  /** How much of a body goes into the signature: its SHA-256, its bytes, or nothing. */
  readonly body: 'digest' | 'bytes' | 'none';
  /**
   * The signing key for a secret; done once per key.
   *
   * @throws SignatureError `invalid_credentials` for one that the scheme cannot use.
   */
  createKey(secret: Secret): SigningKey;
  /**
   * Checks the names of further headers to sign, and puts them in order; done once per signer.
   *
   * @throws SignatureError `invalid_configuration`
   */
  signableHeaders(names: readonly string[]): readonly string[];
  /** Whether the caller has already put a digest of the body into the headers. */
  declaresBody(headers: HeaderView): boolean;
  /** For schemes that sign in the query: sends a request to another path and query. What others are not to pay for. */
  readonly withTarget?: (request: Request, to: NewAddress) => Promise<Request>;
  /**
   * @throws SignatureError `missing_header` for a header to sign that the request does not have, `invalid_request` for
   * values that cannot be signed, `invalid_configuration` for a nonce or time that the scheme cannot carry.
   */
  prepare(input: SignatureInput): PreparedSignature;
  /** How the scheme's countersignatures are made and read. @default none */
  readonly response?: ResponseScheme;
};

/** The body that a signature speaks of. */
export type PresentedBody =
  /** There must be none. */
  | { readonly kind: 'none' }
  /** The caller chose to leave it out. */
  | { readonly kind: 'unsigned' }
  /** The scheme leaves out every body: its finding `body-unsigned`. */
  | { readonly kind: 'uncovered' }
  /** The string to sign was made from it. */
  | { readonly kind: 'signed' }
  | { readonly kind: 'digest'; readonly sha256: Uint8Array }
  | { readonly kind: 'bytes'; readonly matches: (bytes: Uint8Array) => boolean | Promise<boolean> };

/** What a verifier found in a request, before any of it is believed. */
export type PresentedSignature = {
  /** Undefined where the scheme carries none: then it is known from elsewhere, as for webhooks. */
  readonly accessKey: string | undefined;
  /** As the signature names it, and then it must be the key's own. */
  readonly algorithm?: string | undefined;
  /** When it was made, in milliseconds since the epoch; undefined where the scheme carries no such time. */
  readonly time: number | undefined;
  /** From when and until when it is valid by its own word, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** Undefined where the scheme has none: then no two requests may have the same string to sign. */
  readonly nonce: string | undefined;
  /** It may be received again and again, as a presigned address may: the scheme's finding `no-nonce`. @default false */
  readonly reusable?: boolean;
  /** One of the server's own, which the signature answers. */
  readonly challenge?: string | undefined;
  /** One valid signature is enough: a caller that is changing secrets may send several. */
  readonly signatures: readonly Uint8Array[];
  /** Where the body itself goes into it, a function of the body, which must then be read before the caller is proved. */
  readonly stringToSign: ToSign | ((body: Uint8Array) => ToSign);
  readonly deriveKey?: DeriveKey;
  /** Names of headers whose whole value is signed, in lower case, beside those that carry the signature. @default [] */
  readonly signedHeaders?: readonly string[];
  readonly body: PresentedBody;
};

/** The answer to a request, as far as it goes into a countersignature beside the body. */
export type SignedResponse = {
  readonly status: number;
  readonly headers: HeaderView;
  /** The request that is answered, with its signature. */
  readonly request: Message;
};

/** What a countersignature is made of, beside the key. */
export type ResponseInput = SignedResponse & {
  /** Whose key signs. */
  readonly accessKey: string;
  /** The key's, for schemes that tell it. */
  readonly algorithm?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The bytes that the client will read. */
  readonly body: Uint8Array;
  /** Their SHA-256; undefined when there are none. */
  readonly sha256: Uint8Array | undefined;
};

/** What a client found in a response, before any of it is believed. */
export type PresentedResponse = {
  /** Milliseconds since the epoch; undefined where the scheme's answers carry no time. */
  readonly time: number | undefined;
  readonly algorithm?: string | undefined;
  readonly signature: Uint8Array;
  /** Where the body itself goes into it, a function of the body. */
  readonly stringToSign: ToSign | ((body: Uint8Array) => ToSign);
  readonly deriveKey?: DeriveKey;
  /** Whether the body is the signed one: its bytes, and their SHA-256, undefined when there are none. */
  matches(body: Uint8Array, sha256: Uint8Array | undefined): boolean;
};

/** The server's signature over its response. */
export type ResponseScheme = {
  /** Every response header that a countersignature may be in, as it is written. */
  readonly fields: readonly string[];
  prepare(input: ResponseInput): Omit<PreparedSignature, 'target'>;
  /** Undefined where the response carries no well-formed countersignature. */
  read(answer: SignedResponse): PresentedResponse | undefined;
};

/** How a request becomes a signature, and which headers carry it: for both sides, to the byte. */
export type Scheme = SigningScheme & {
  /**
   * Reads a signature by a strict grammar.
   *
   * @throws SignatureError `missing_signature` where the request has no signature of this scheme; `malformed_field`,
   * `missing_header`, `invalid_request`, `insufficient_coverage`
   */
  read(message: Message): PresentedSignature;
  /** Whether a caller's public key verifies, where a shared secret would. @default false */
  readonly publicKeys?: boolean;
  /** What the scheme leaves open. @default none */
  readonly findings?: readonly Finding[];
  /** Headers for refusals with status 401, which tell the caller how to sign. @default none */
  readonly challenge?: Readonly<Record<string, string>>;
};
