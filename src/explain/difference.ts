/**
 * The differences between a signature and the received request. The codes are stable, so programs may switch on them. docs/testing.md
 * has a row for each.
 */
export type DifferenceCode =
  // the address
  | 'protocol'
  | 'host'
  | 'port'
  | 'path-prefix'
  | 'path-slash'
  | 'path-encoding'
  | 'path-case'
  | 'whole-url'
  // method and query
  | 'method'
  | 'query-left-out'
  | 'query-order'
  | 'query-encoding'
  | 'query-parameter'
  // headers and body
  | 'content-type'
  | 'header-value'
  | 'body-line-breaks'
  | 'body-byte-order-mark'
  | 'body-serialised'
  | 'body-encoding'
  | 'body-coding'
  | 'body-replaced'
  // the form of the string to sign
  | 'string-line'
  | 'string-order'
  | 'string-line-breaks'
  | 'string-encoding'
  | 'string-hashed'
  // the form of the fields that carry the signature
  | 'field-form'
  | 'timestamp-unit'
  | 'timestamp-twice'
  | 'signature-encoding'
  // the secret and the key
  | 'secret-whitespace'
  | 'secret-encoding'
  | 'secret-missing'
  | 'secret-swapped'
  | 'secret-ended'
  | 'secret-of-another-key'
  | 'access-key'
  | 'binding'
  | 'algorithm'
  // the time
  | 'time-zone'
  | 'clock'
  | 'ended'
  | 'lifetime'
  // the scheme
  | 'scheme';

/** A difference between a signature and the received request. */
export type Difference = {
  readonly code: DifferenceCode;
  /** What was signed, and what was received. */
  readonly message: string;
  /** What to change, and on which side. */
  readonly remedy: string;
  /**
   * Whether the difference is certain: together with the others in the list it makes the signature or the digest fit, which cannot
   * happen by chance.
   */
  readonly proven: boolean;
};

/** Describes a secret that is right, and that the caller used in a wrong form or at a wrong place. */
export const describeMisuse = (code: DifferenceCode, label: string): Difference => ({
  code,
  message: `The caller used its secret incorrectly: ${label}.`,
  remedy:
    "In the caller's code, use the secret exactly as issued and as the scheme demands, without additional characters.",
  proven: true,
});
