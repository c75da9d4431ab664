/** An HMAC algorithm. SHA-1 is for partners that already demand it, and is reported as a finding. */
export type HmacAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512' | 'hmac-sha1';

/** A hash of the string to sign with the secret in it, for partners that already demand it: the finding `keyed-hash`. */
export type KeyedHash = 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5';

/** How the signature is made of the string to sign and the secret. */
export type DefinedAlgorithm = HmacAlgorithm | KeyedHash;

/** An encoding of bytes: hex in lower or upper case, base64 with padding, base64url without padding, or base64 of lower-case hex. */
export type DefinedEncoding = 'hex' | 'hex-upper' | 'base64' | 'base64url' | 'base64-of-hex';

/** The form of a timestamp, always in UTC. */
export type DefinedTimestamp =
  | 'unix-seconds'
  | 'unix-milliseconds'
  /** `2026-11-22T12:00:00Z` */
  | 'iso-8601'
  /** `2026-11-22T12:00:00.000Z` */
  | 'iso-8601-milliseconds'
  /** `2026-11-22T12:00:00.123456789Z`, RFC 3339: 1 to 9 digits are read, 3 are written. */
  | 'iso-8601-fraction'
  /** `20261122T120000Z` */
  | 'iso-8601-basic'
  /** `Sun, 22 Nov 2026 12:00:00 GMT`, RFC 9110 section 5.6.7 */
  | 'imf-fixdate'
  /**
   * Any other form, built from `{YYYY}` `{MM}` `{MMM}` (`Jul`) `{mmm}` (`jul`) `{DD}` `{ddd}` (`Sun`) `{HH}` `{mm}` `{ss}` `{SSS}` `{fraction}`:
   * `{DD}{mmm}{YYYY}{HH}:{mm}:{ss}` gives `28jul201712:59:24`.
   */
  | { readonly pattern: string };

/** The alphabet of nonces. */
export type NonceForm = 'base64url' | 'hex' | 'uuid' | 'digits';

/** The alphabet of nonces, and their length in characters. */
export type DefinedNonce = NonceForm | { readonly form: NonceForm; readonly min: number; readonly max: number };

/** Additional headers that a signer chooses to sign: how their names are sent to the verifier, and how they are signed. */
export type DefinedSignedHeaders = {
  /** The separator of the names in `{signedHeaders}`. */
  readonly separator: string;
  /** The template for each header in `{signedHeaderLines}`, with `{name}` and `{value}`. */
  readonly line: string;
};

/** Derives a key for each signature from the key of the caller. Each step is signed with the result of the previous step. */
export type DefinedKey = {
  /** A text prepended to the secret, such as the `AWS4` of Amazon. @default none */
  readonly prefix?: string;
  /** One template per step, with values that are known before the body is read. */
  readonly steps: readonly string[];
  /** Encodes the result of each step; the UTF-8 bytes of the text are the next key. @default none: the bytes are the key */
  readonly encoding?: DefinedEncoding;
};

/**
 * A scheme as plain data, for `defineScheme`. docs/define-a-scheme.md explains templates, their fields and filters.
 */
export type SchemeDefinition = {
  /** The name of the scheme in audits, and in a verifier that accepts several: 1 to 64 of a-z 0-9 . _ - */
  readonly name: string;
  /** With a keyed hash such as `sha256`, `stringToSign` contains `{secret}`. @default 'hmac-sha256' */
  readonly algorithm?: DefinedAlgorithm;
  /** The encoding of the signature. @default 'hex' */
  readonly signature?: DefinedEncoding;
  /** How a secret given as text is decoded to the key. Bytes are always the key itself. @default 'utf8' */
  readonly secret?: 'utf8' | 'hex' | 'base64' | 'base64url';
  /** The form of `{timestamp}`. @default 'unix-seconds' */
  readonly timestamp?: DefinedTimestamp;
  /** The form of `{nonce}`. @default 'base64url', 16 to 128 characters */
  readonly nonce?: DefinedNonce;
  /** Lets a signer choose additional headers to sign. @default none */
  readonly signedHeaders?: DefinedSignedHeaders;
  /** Named templates, used as `{value.NAME}` in others. Each may use others. @default none */
  readonly values?: Readonly<Record<string, string>>;
  /** The template of the string to sign. */
  readonly stringToSign: string;
  /** Derives the key of each signature. @default the key of the caller is used */
  readonly key?: DefinedKey;
  /** The headers to set, as templates with which a verifier also reads them. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** The parameters to append to the query, in this order, as templates with which a verifier also reads them. @default none */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Where in the query a verifier accepts the signature: last, or `any` for callers that sort it among the others. A signer appends it.
   * @default 'end'
   */
  readonly signaturePosition?: 'end' | 'any';
};
