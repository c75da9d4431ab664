import type { HeaderView, Message } from './message.ts';
import type { PlatformKey, SigningKey } from './signing-key.ts';

/** The body of a request, as far as a signature is concerned. */
export type SignedBody =
  | { readonly kind: 'none' }
  /** The caller chose to leave a streamed body out of the signature. */
  | { readonly kind: 'unsigned' }
  /** The caller has put the digest of a body it alone can read into the headers. */
  | { readonly kind: 'declared' }
  | { readonly kind: 'digest'; readonly sha256: Uint8Array };

/** What a signature is made of, beside the key. */
export type SignatureInput = {
  readonly message: Message;
  readonly accessKey: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  readonly body: SignedBody;
  /** Names of further headers to sign, as {@link SigningScheme.signableHeaders} returned them. */
  readonly signedHeaders: readonly string[];
};

/** A string to sign, and what becomes of its signature. */
export type PreparedSignature = {
  readonly stringToSign: string;
  /** The headers that carry the signature and all that a verifier needs beside it. */
  headers(signature: Uint8Array): Record<string, string>;
};

/** The signing half of a scheme. */
export type SigningScheme = {
  readonly name: string;
  /** Every request header that the scheme may set, in lower case; the first is in every signed request. */
  readonly fields: readonly string[];
  /** The signing key for a secret; done once per key. */
  createKey(secret: Uint8Array | PlatformKey): SigningKey;
  /**
   * Checks the names of further headers to sign, and puts them in order; done once per signer.
   *
   * @throws SignatureError `invalid_configuration`
   */
  signableHeaders(names: readonly string[]): readonly string[];
  /** Whether the caller has already put a digest of the body into the headers. */
  declaresBody(headers: HeaderView): boolean;
  /**
   * @throws SignatureError `missing_header` for a header to sign that the request does not have, `invalid_request` for
   * values that cannot be signed, `invalid_configuration` for a nonce or time that the scheme cannot carry.
   */
  prepare(input: SignatureInput): PreparedSignature;
};

/** What a verifier found in a request's headers, before any of it is believed. */
export type PresentedSignature = {
  readonly accessKey: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  /** One valid signature is enough: a caller that is changing secrets may send several. */
  readonly signatures: readonly Uint8Array[];
  /** The signatures as sent, to which a response is bound. */
  readonly signatureText: string;
  readonly stringToSign: string;
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'unsigned' }
    | { readonly kind: 'digest'; readonly matches: (sha256: Uint8Array) => boolean };
};

/** What a countersignature is made of, beside the key. */
export type ResponseInput = {
  /** The signature of the request that is answered, as sent. */
  readonly requestSignature: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly status: number;
  readonly contentType: string;
  /** SHA-256 of the bytes that the client will read; undefined when there are none. */
  readonly sha256: Uint8Array | undefined;
};

/** What a client found in a response's headers, before any of it is believed. */
export type PresentedResponse = {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly signature: Uint8Array;
};

/** The server's signature over its response. */
export type ResponseScheme = {
  prepare(input: ResponseInput): PreparedSignature;
  /** Undefined where the response carries no well-formed countersignature. */
  read(headers: HeaderView): PresentedResponse | undefined;
};

/** How a request becomes a signature, and which headers carry it: for both sides, to the byte. */
export type Scheme = SigningScheme & {
  /**
   * Reads a signature by a strict grammar.
   *
   * @throws SignatureError `missing_signature`, `malformed_field`, `missing_header`, `invalid_request`
   */
  read(message: Message): PresentedSignature;
  readonly response?: ResponseScheme;
};
