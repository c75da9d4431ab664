/**
 * What a scheme can leave open. Stable: a verifier's `acceptFindings` names them. docs/define-a-scheme.md
 * tells each, with an attack.
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
  | 'no-domain-separation'
  | 'access-key-unbound'
  | 'forbidden-browser-header';

/** Something that a scheme leaves open, and how an attacker would use it. */
export type Finding = {
  readonly code: FindingCode;
  /** `high`: whoever is on the way can change what is done, or do it again. A verifier accepts it by name only. */
  readonly severity: 'high' | 'medium' | 'low';
  readonly message: string;
  /** An example. */
  readonly attack: string;
};
