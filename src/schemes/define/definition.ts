/** An HMAC algorithm. SHA-1 is for partners who already ask for it, and is told as a finding. */
export type DefinedAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512' | 'hmac-sha1';

/** How bytes become text: hex in lower or upper case, base64 with padding, base64url without, or the base64 of the lower-case hex. */
export type DefinedEncoding = 'hex' | 'hex-upper' | 'base64' | 'base64url' | 'base64-of-hex';

/** What a timestamp looks like; always UTC. */
export type DefinedTimestamp =
  | 'unix-seconds'
  | 'unix-milliseconds'
  /** `2026-11-22T12:00:00Z` */
  | 'iso-8601'
  /** `2026-11-22T12:00:00.000Z` */
  | 'iso-8601-milliseconds'
  /** `20261122T120000Z` */
  | 'iso-8601-basic'
  /** `Sun, 22 Nov 2026 12:00:00 GMT`, RFC 9110 section 5.6.7 */
  | 'imf-fixdate'
  /**
   * Any other, of `{YYYY}` `{MM}` `{MMM}` (`Jul`) `{mmm}` (`jul`) `{DD}` `{ddd}` (`Sun`) `{HH}` `{mm}` `{ss}` `{SSS}`:
   * `{DD}{mmm}{YYYY}{HH}:{mm}:{ss}` gives `28jul201712:59:24`.
   */
  | { readonly pattern: string };

/** What nonces are made of. */
export type NonceForm = 'base64url' | 'hex' | 'uuid' | 'digits';

/** What nonces are made of, and how long one may be, in characters. */
export type DefinedNonce = NonceForm | { readonly form: NonceForm; readonly min: number; readonly max: number };

/** Further headers that a signer chooses to sign: how they are named to the verifier, and how they are signed. */
export type DefinedSignedHeaders = {
  /** What stands between the names in `{signedHeaders}`. */
  readonly separator: string;
  /** What each adds to `{signedHeaderLines}`: a template of `{name}` and `{value}`. */
  readonly line: string;
};

/** A key for each signature, derived from the caller's: each step is signed with the key that the step before gave. */
export type DefinedKey = {
  /** A text before the secret, as the `AWS4` of Amazon. @default none */
  readonly prefix?: string;
  /** Templates, one a step; of what is known before the body is read. */
  readonly steps: readonly string[];
  /** The text whose UTF-8 bytes are the next key, where a step's bytes are not. @default the bytes */
  readonly encoding?: DefinedEncoding;
};

/**
 * A scheme as plain data, from which `defineScheme` makes both halves. docs/define-a-scheme.md explains templates, their fields
 * and filters.
 */
export type SchemeDefinition = {
  /** What the scheme is called in audits, and in a verifier that accepts several: 1 to 64 of a-z 0-9 . _ - */
  readonly name: string;
  /** @default 'hmac-sha256' */
  readonly algorithm?: DefinedAlgorithm;
  /** How the signature is written. @default 'hex' */
  readonly signature?: DefinedEncoding;
  /** How a secret given as text becomes the key; bytes are always the key itself. @default 'utf8' */
  readonly secret?: 'utf8' | 'hex' | 'base64' | 'base64url';
  /** What `{timestamp}` looks like. @default 'unix-seconds' */
  readonly timestamp?: DefinedTimestamp;
  /** What `{nonce}` looks like. @default 'base64url', 16 to 128 characters */
  readonly nonce?: DefinedNonce;
  /** Further headers to sign, where the signer may choose. @default none */
  readonly signedHeaders?: DefinedSignedHeaders;
  /** Templates with a name, as `{value.NAME}` in others. Each may use others. @default none */
  readonly values?: Readonly<Record<string, string>>;
  /** What is signed. */
  readonly stringToSign: string;
  /** The key of each signature, where it is derived. @default the caller's own */
  readonly key?: DefinedKey;
  /** Headers to set, and how a verifier reads them. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Parameters to add to the end of the query, in this order, and how a verifier reads them. @default none */
  readonly query?: Readonly<Record<string, string>>;
};
