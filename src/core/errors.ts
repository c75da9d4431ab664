/**
 * The address of the documentation: its folder in the package, until there is a site. `countersign --help` prints it. A test
 * compares it with the `help` of errors, `homepage` in package.json and the links of the README.
 */
export const documentation = 'countersign/docs';

/**
 * Every reason for which signing or verifying can fail. The codes are stable, so programs may switch on them.
 * docs/errors.md explains each under a heading of its own.
 */
export type SignatureErrorCode =
  // thrown while signing, or when a signer or verifier is created
  | 'invalid_credentials'
  | 'secret_in_browser'
  | 'invalid_configuration'
  | 'invalid_request'
  | 'missing_header'
  | 'async_required'
  | 'body_consumed'
  | 'body_parsed'
  | 'body_unreadable'
  | 'body_too_large'
  | 'redirect_refused'
  | 'session_unavailable'
  // thrown while verifying
  | 'missing_signature'
  | 'malformed_field'
  | 'invalid_signature'
  | 'unknown_key'
  | 'revoked_key'
  | 'expired_key'
  | 'inactive_key'
  | 'retired_secret'
  | 'scheme_not_allowed'
  | 'address_not_allowed'
  | 'session_not_allowed'
  | 'signature_mismatch'
  | 'stale_timestamp'
  | 'future_timestamp'
  | 'expired_signature'
  | 'lifetime_too_long'
  | 'insufficient_coverage'
  | 'invalid_challenge'
  | 'unsigned_body'
  | 'missing_body_digest'
  | 'body_digest_mismatch'
  | 'body_interrupted'
  | 'replayed_request'
  | 'replay_store_full'
  | 'replay_store_unavailable'
  | 'key_store_unavailable'
  | 'session_store_unavailable'
  | 'insufficient_scope'
  | 'rate_limited'
  | 'limiter_unavailable'
  | 'internal_error'
  // thrown by a gateway
  | 'untrusted_proxy'
  | 'undescribed_request'
  | 'forged_header'
  | 'upgrade_refused'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'unsignable_response'
  // thrown while checking a countersigned response
  | 'response_unsigned'
  | 'response_mismatch';

/**
 * The only error class of this package. The message states what was found, what was expected and what to do. It never contains a
 * secret, a signature or key material.
 */
export class SignatureError extends Error {
  readonly code: SignatureErrorCode;
  /** The HTTP status of a refusal with this code; 400 for errors thrown while signing. */
  readonly status: number;
  /** Where the code is explained: a heading in the documentation that ships with the package. */
  readonly help: string;

  constructor(code: SignatureErrorCode, message: string, status = 400, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SignatureError';
    this.code = code;
    this.status = status;
    this.help = `${documentation}/errors.md#${code}`;
  }
}

/** Throws a {@link SignatureError}. A function, so that it can be used as an expression. */
export function fail(code: SignatureErrorCode, message: string, status?: number, cause?: unknown): never {
  throw new SignatureError(code, message, status, { cause });
}
