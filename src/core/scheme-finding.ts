/**
 * The weaknesses that a scheme can have. The codes are stable: the `acceptFindings` of a verifier refers to them.
 * docs/define-a-scheme.md explains each with an attack.
 */
export type FindingCode =
  | 'body-unsigned'
  | 'content-type-unsigned'
  | 'query-unsigned'
  | 'path-unsigned'
  | 'method-unsigned'
  | 'host-unsigned'
  | 'no-timestamp'
  | 'no-nonce'
  | 'adjacent-values'
  | 'ambiguous-separator'
  | 'weak-hash'
  | 'keyed-hash'
  | 'no-domain-separation'
  | 'access-key-unbound'
  | 'forbidden-browser-header';

/** A weakness of a scheme, and how an attacker would use it. */
export type Finding = {
  readonly code: FindingCode;
  /** `high`: anyone in transit can change the effect of a request, or repeat it. A verifier must accept it by name. */
  readonly severity: 'high' | 'medium' | 'low';
  readonly message: string;
  /** An example of an attack. */
  readonly attack: string;
};
