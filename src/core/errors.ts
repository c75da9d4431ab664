/**
 * The address of the documentation: the folder in the package, until there is a site. `countersign --help` names it, and a test
 * holds to it the `help` of errors, `homepage` in package.json and the links of the README.
 */
export const documentation = 'countersign/docs';

/**
 * Every reason for which signing or verifying can fail. Stable: users switch on it.
 * docs/errors.md has a heading for each.
 */
export type SignatureErrorCode =
  // told while signing, or when a signer or verifier is built
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
  // told while verifying
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
  | 'signature_mismatch'
  | 'stale_timestamp'
  | 'future_timestamp'
  | 'expired_signature'
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
  | 'insufficient_scope'
  | 'rate_limited'
  | 'limiter_unavailable'
  | 'internal_error'
  // told by a gateway
  | 'untrusted_proxy'
  | 'undescribed_request'
  | 'forged_header'
  | 'upgrade_refused'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'unsignable_response'
  // told while checking a countersigned response
  | 'response_unsigned'
  | 'response_mismatch';

/**
 * The one error class of this package. Its message says what was found, what was
 * expected and what to do; it never holds a secret, a signature or key material.
 */
export class SignatureError extends Error {
  readonly code: SignatureErrorCode;
  /** The HTTP status a refusal with this code is answered with; 400 for errors told while signing. */
  readonly status: number;
  /** Where the code is explained: a heading in the documentation shipped with the package. */
  readonly help: string;

  constructor(code: SignatureErrorCode, message: string, status = 400, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SignatureError';
    this.code = code;
    this.status = status;
    this.help = `${documentation}/errors.md#${code}`;
  }
}

/** Throws a {@link SignatureError}; in the form of an expression. */
export function fail(code: SignatureErrorCode, message: string, status?: number, cause?: unknown): never {
  throw new SignatureError(code, message, status, { cause });
}
