/**
 * In what a signature may differ from what it should be over. Stable: programs switch on it. docs/explain.md has a row for each.
 */
export type DifferenceCode =
  // where the request went
  | 'protocol'
  | 'host'
  | 'port'
  | 'path-prefix'
  | 'path-slash'
  | 'path-encoding'
  | 'path-case'
  | 'whole-url'
  // what was asked for there
  | 'method'
  | 'query-left-out'
  | 'query-order'
  | 'query-encoding'
  | 'query-parameter'
  // what came with it
  | 'content-type'
  | 'header-value'
  | 'body-line-breaks'
  | 'body-byte-order-mark'
  | 'body-serialised'
  | 'body-encoding'
  | 'body-coding'
  | 'body-replaced'
  // how it was written down to be signed
  | 'string-line'
  | 'string-order'
  | 'string-line-breaks'
  | 'string-encoding'
  | 'string-hashed'
  // how the fields that carry it are written
  | 'field-form'
  | 'timestamp-unit'
  | 'signature-encoding'
  // with what it was signed
  | 'secret-whitespace'
  | 'secret-encoding'
  | 'secret-missing'
  | 'secret-swapped'
  | 'secret-ended'
  | 'secret-of-another-key'
  | 'access-key'
  | 'algorithm'
  // when
  | 'time-zone'
  | 'clock'
  // by what
  | 'scheme';

/** One thing in which a signature differs from what it should be over. */
export type Difference = {
  readonly code: DifferenceCode;
  /** What was signed, and what was received. */
  readonly message: string;
  /** What to do about it, and on which side. */
  readonly remedy: string;
  /**
   * Whether it is certain: with it, and with the others that are told beside it, the signature or the digest fits, which no
   * guess could make it do.
   */
  readonly proven: boolean;
};
